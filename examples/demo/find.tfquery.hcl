# What `terraform query` finds, from Terraform 1.14 on.
list "gitlab_error_tracking_client_key" "acme" {
  provider = gitlab

  config {
    group = "acme"
  }
}
