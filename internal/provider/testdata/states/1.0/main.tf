# Each object that a state can have, in the ways that its values and private data can differ.
resource "gitlab_error_tracking_settings" "changed" {
  project    = "acme/web"
  active     = true
  integrated = true
}

resource "gitlab_error_tracking_settings" "kept" {
  project    = "2"
  active     = false
  on_destroy = "keep"
}

resource "gitlab_error_tracking_settings" "deactivated" {
  project    = "acme/api"
  active     = false
  on_destroy = "deactivate"
}

import {
  to = gitlab_error_tracking_settings.imported
  id = "4"
}

resource "gitlab_error_tracking_settings" "imported" {
  project = "acme/docs"
  active  = true
}

resource "gitlab_error_tracking_client_key" "rotated" {
  project = gitlab_error_tracking_settings.changed.project
  keepers = { rotated = "2026-11" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "gitlab_error_tracking_client_key" "counted" {
  count   = 2
  project = "3"
}

import {
  to = gitlab_error_tracking_client_key.imported
  id = "acme/shop:9"
}

resource "gitlab_error_tracking_client_key" "imported" {
  project = "acme/shop"
}

data "gitlab_error_tracking_settings" "web" {
  project = gitlab_error_tracking_settings.changed.project
}

data "gitlab_error_tracking_client_key" "web" {
  project = gitlab_error_tracking_client_key.rotated.project
}

data "gitlab_error_tracking_client_keys" "acme" {
  group = "acme"
}

data "gitlab_error_tracking_projects" "acme" {
  group = "acme"
}
