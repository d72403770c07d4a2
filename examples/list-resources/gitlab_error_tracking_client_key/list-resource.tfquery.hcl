# All client keys of a group and its subgroups, with their attributes.
list "gitlab_error_tracking_client_key" "acme" {
  provider         = gitlab
  include_resource = true
  limit            = 1000

  config {
    group = "acme"
  }
}

# The client keys of one project.
list "gitlab_error_tracking_client_key" "web" {
  provider = gitlab

  config {
    project = "acme/web"
  }
}
