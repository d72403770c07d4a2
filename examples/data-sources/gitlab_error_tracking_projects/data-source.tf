# An audit of a group and its subgroups.
data "gitlab_error_tracking_projects" "acme" {
  group = "acme"
}

data "gitlab_error_tracking_client_keys" "acme" {
  group = "acme"
}

locals {
  keys = {
    for key in data.gitlab_error_tracking_client_keys.acme.keys :
    key.project => { id = key.key_id, active = key.active }...
  }
}

output "without_error_tracking" {
  value = [
    for project in data.gitlab_error_tracking_projects.acme.projects : project.project
    if try(!project.settings.active, true)
  ]
}

output "inactive_keys" {
  value = {
    for project, keys in local.keys : project => [for key in keys : key.id if !key.active]
    if anytrue([for key in keys : !key.active])
  }
}

output "several_keys" {
  value = { for project, keys in local.keys : project => keys[*].id if length(keys) > 1 }
}

# The projects in which the token's user is not a Maintainer.
output "unreadable" {
  value = data.gitlab_error_tracking_projects.acme.unreadable
}
