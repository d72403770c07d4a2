# Sends an event when a key is created. To send another one with the same key, run:
#   terraform apply -invoke=action.gitlab_error_tracking_send_test_event.web
resource "gitlab_error_tracking_client_key" "web" {
  project = "acme/web"

  lifecycle {
    action_trigger {
      events     = [after_create]
      actions    = [action.gitlab_error_tracking_send_test_event.web]
      on_failure = continue # a failed event does not fail the apply; needs Terraform 1.16
    }
  }
}

action "gitlab_error_tracking_send_test_event" "web" {
  config {
    # On Terraform 1.14 and 1.15: gitlab_error_tracking_client_key.web.sentry_dsn
    dsn         = caller.sentry_dsn
    environment = "staging"
  }
}
