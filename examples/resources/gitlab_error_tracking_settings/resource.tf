# GitLab collects the errors of this project.
resource "gitlab_error_tracking_settings" "web" {
  project    = "acme/web"
  active     = true
  integrated = true
}

# A project by its ID. Destroying the resource leaves its settings as they are.
resource "gitlab_error_tracking_settings" "shop" {
  project    = "2"
  active     = true
  on_destroy = "keep"
}
