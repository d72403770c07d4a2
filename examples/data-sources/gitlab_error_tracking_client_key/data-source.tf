# The oldest active key, whose DSN the GitLab UI shows.
data "gitlab_error_tracking_client_key" "web" {
  project = "acme/web"
}

# A key by its ID.
data "gitlab_error_tracking_client_key" "web_by_id" {
  project = "acme/web"
  key_id  = 42
}

output "web_dsn" {
  value     = data.gitlab_error_tracking_client_key.web.sentry_dsn
  sensitive = true
}
