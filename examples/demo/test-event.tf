# Send an event to the DSN of acme/web.
action "gitlab_error_tracking_send_test_event" "web" {
  config {
    dsn     = gitlab_error_tracking_client_key.web.sentry_dsn
    message = "checkout failed: card declined"
  }
}
