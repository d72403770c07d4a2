# The oldest active key. It is not stored in the state.
ephemeral "gitlab_error_tracking_client_key" "web" {
  project = "acme/web"
}

# Use its DSN in write-only arguments and provider blocks.
resource "kubernetes_secret_v1" "web" {
  metadata {
    name = "web-sentry"
  }

  data_wo = {
    SENTRY_DSN = ephemeral.gitlab_error_tracking_client_key.web.sentry_dsn
  }
  data_wo_revision = 1 # increase it to write the DSN again
}
