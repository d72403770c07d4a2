resource "gitlab_error_tracking_client_key" "web" {
  project = "acme/web"
}

locals {
  dsn = provider::gitlab::parse_dsn(gitlab_error_tracking_client_key.web.sentry_dsn)
}

# What a firewall must let applications reach.
output "collector" {
  value = nonsensitive("${local.dsn.host}:${local.dsn.port}")
}

# Where an SDK sends its events.
output "envelope_url" {
  value = nonsensitive(local.dsn.envelope_url)
}
