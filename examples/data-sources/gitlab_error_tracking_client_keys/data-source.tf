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
