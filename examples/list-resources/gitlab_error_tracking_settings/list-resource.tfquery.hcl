# The settings of all projects in a group that have some, without its subgroups.
list "gitlab_error_tracking_settings" "acme" {
  provider = gitlab
  limit    = 1000

  config {
    group             = "acme"
    include_subgroups = false
  }
}
