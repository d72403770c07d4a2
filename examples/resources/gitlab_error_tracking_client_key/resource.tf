resource "gitlab_error_tracking_settings" "web" {
  project    = "acme/web"
  active     = true
  integrated = true
}

# Another value in keepers creates a new key before the old one is deleted.
resource "gitlab_error_tracking_client_key" "web" {
  project = gitlab_error_tracking_settings.web.project

  keepers = {
    rotated = "2026-11"
  }

  lifecycle {
    create_before_destroy = true
  }
}

output "web_dsn" {
  value     = gitlab_error_tracking_client_key.web.sentry_dsn
  sensitive = true
}
