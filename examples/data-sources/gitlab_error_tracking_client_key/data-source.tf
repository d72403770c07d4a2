# No client key is managed here, so GitLab creates one.
resource "gitlab_error_tracking_settings" "web" {
  project    = "acme/web"
  active     = true
  integrated = true
}

# The oldest active key, whose DSN GitLab's settings page shows.
data "gitlab_error_tracking_client_key" "web" {
  project = gitlab_error_tracking_settings.web.id
}

# A key by its ID.
data "gitlab_error_tracking_client_key" "web_by_id" {
  project = gitlab_error_tracking_settings.web.id
  key_id  = data.gitlab_error_tracking_client_key.web.key_id
}

output "web_dsn" {
  value     = data.gitlab_error_tracking_client_key.web.sentry_dsn
  sensitive = true
}
