# The oldest active key. Nothing of it is stored in the state.
ephemeral "gitlab_error_tracking_client_key" "web" {
  project = "acme/web"
}

# Passes the DSN to a script. Write-only arguments and provider blocks can use it, too.
resource "terraform_data" "deploy" {
  provisioner "local-exec" {
    command = "sh set-secret.sh"
    environment = {
      SENTRY_DSN = ephemeral.gitlab_error_tracking_client_key.web.sentry_dsn
    }
  }
}
