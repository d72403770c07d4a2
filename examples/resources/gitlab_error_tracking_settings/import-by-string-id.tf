import {
  to = gitlab_error_tracking_settings.web
  id = "acme/web"
}
