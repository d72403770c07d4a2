import {
  to = gitlab_error_tracking_client_key.web
  identity = {
    project_id = 1
    key_id     = 42
  }
}
