# The oldest active key. Neither the key nor its DSN is stored in the state.
ephemeral "gitlab_error_tracking_client_key" "web" {
  project = "acme/web"
}

# A script passes the DSN on. A write-only argument of another provider works the same way.
resource "terraform_data" "deploy" {
  provisioner "local-exec" {
    command = "sh set-secret.sh"
    environment = {
      SENTRY_DSN = ephemeral.gitlab_error_tracking_client_key.web.sentry_dsn
    }
  }
}
