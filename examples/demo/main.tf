terraform {
  required_providers {
    gitlab = { source = "errortracking/gitlab" }
  }
}

provider "gitlab" {} # GITLAB_BASE_URL and GITLAB_TOKEN

# Collect the errors of acme/web.
resource "gitlab_error_tracking_settings" "web" {
  project    = "acme/web"
  active     = true
  integrated = true
}

resource "gitlab_error_tracking_client_key" "web" {
  project = gitlab_error_tracking_settings.web.project
  keepers = { rotated = "2026-11" } # a new value creates a new key
  lifecycle { create_before_destroy = true }
}

# Import the key that somebody created for acme/shop by hand.
import {
  to = gitlab_error_tracking_client_key.shop
  id = "acme/shop" # its only active key
}

resource "gitlab_error_tracking_client_key" "shop" {
  project = "acme/shop"
}

# Give the DSN to an application.
output "web_dsn" {
  value     = gitlab_error_tracking_client_key.web.sentry_dsn
  sensitive = true
}
