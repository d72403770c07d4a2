resource "gitlab_error_tracking_client_key" "web" {
  project = "acme/web"
}

data "gitlab_error_tracking_client_keys" "web" {
  project = gitlab_error_tracking_client_key.web.project
  active  = true
}

output "web_key_ids" {
  value = data.gitlab_error_tracking_client_keys.web.keys[*].key_id
}

# The keys of all projects in a group and its subgroups.
data "gitlab_error_tracking_client_keys" "acme" {
  group      = "acme"
  depends_on = [gitlab_error_tracking_client_key.web]
}

output "acme_keys" {
  value = {
    for key in data.gitlab_error_tracking_client_keys.acme.keys : key.project => key.key_id...
  }
}
