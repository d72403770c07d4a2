data "gitlab_error_tracking_settings" "web" {
  project = "acme/web"
}

output "web_collects_errors_in" {
  value = data.gitlab_error_tracking_settings.web.integrated ? "GitLab" : "Sentry"
}
