import {
  to = gitlab_error_tracking_settings.web
  identity = {
    project_id = 1
  }
}
