terraform {
  required_version = ">= 1.5"

  required_providers {
    gitlab = {
      source = "errortracking/gitlab"
    }
  }
}

# GITLAB_BASE_URL and GITLAB_TOKEN say where and who.
provider "gitlab" {}

variable "rotated" {
  description = "When the key of acme/web was last rotated. Another value makes another key."
  type        = string
  default     = "2026-11"
}

# One project by its path, one by its ID.
resource "gitlab_error_tracking_settings" "web" {
  project    = "acme/web"
  active     = true
  integrated = true
}

resource "gitlab_error_tracking_settings" "shop" {
  project    = "2"
  active     = true
  integrated = true
}

resource "gitlab_error_tracking_client_key" "web" {
  project = gitlab_error_tracking_settings.web.project

  keepers = {
    rotated = var.rotated
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "gitlab_error_tracking_client_key" "shop" {
  project = gitlab_error_tracking_settings.shop.project
}

# A key that somebody made by hand, from now on in Terraform's care. Its DSN is all that is known of it.
import {
  to = gitlab_error_tracking_client_key.shop_by_hand
  id = "https://glet_0123456789abcdef0123456789abcdef@observe.gitlab.com:443/errortracking/api/v1/projects/2"
}

resource "gitlab_error_tracking_client_key" "shop_by_hand" {
  project = gitlab_error_tracking_settings.shop.project
}

output "project_ids" {
  value = {
    web  = gitlab_error_tracking_settings.web.project_id
    shop = gitlab_error_tracking_settings.shop.project_id
  }
}

output "web_key_id" {
  value = gitlab_error_tracking_client_key.web.key_id
}

output "web_dsn" {
  value     = gitlab_error_tracking_client_key.web.sentry_dsn
  sensitive = true
}
