# Find the client keys of every project in the group.
list "gitlab_error_tracking_client_key" "acme" {
  provider = gitlab
  config {
    group = "acme"
  }
}
