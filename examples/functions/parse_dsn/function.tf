resource "gitlab_error_tracking_client_key" "web" {
  project = "acme/web"
}

locals {
  dsn = provider::gitlab::parse_dsn(gitlab_error_tracking_client_key.web.sentry_dsn)
}

# The address that a firewall must open for applications.
output "collector" {
  value = nonsensitive("${local.dsn.host}:${local.dsn.port}")
}

# The URL that an SDK sends events to.
output "envelope_url" {
  value = nonsensitive(local.dsn.envelope_url)
}
