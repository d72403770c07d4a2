resource "gitlab_error_tracking_settings" "web" {
  project = "acme/web"
  active  = true
}

data "gitlab_error_tracking_settings" "web" {
  project = gitlab_error_tracking_settings.web.id
}

output "integrated" {
  value = data.gitlab_error_tracking_settings.web.integrated
}
