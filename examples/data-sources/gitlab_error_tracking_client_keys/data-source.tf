# The active client keys of one project.
data "gitlab_error_tracking_client_keys" "web" {
  project = "acme/web"
  active  = true
}

output "web_key_ids" {
  value = data.gitlab_error_tracking_client_keys.web.keys[*].key_id
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
