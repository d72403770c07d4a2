# The client keys of one project, and the IDs of the active ones.
data "gitlab_error_tracking_client_keys" "web" {
  project = "acme/web"
}

output "web_key_ids" {
  value = [for key in data.gitlab_error_tracking_client_keys.web.keys : key.key_id if key.active]
}

# The client keys of all projects in a group and its subgroups.
data "gitlab_error_tracking_client_keys" "acme" {
  group = "acme"
}

output "acme_keys" {
  value = {
    for key in data.gitlab_error_tracking_client_keys.acme.keys : key.project => key.key_id...
  }
}
