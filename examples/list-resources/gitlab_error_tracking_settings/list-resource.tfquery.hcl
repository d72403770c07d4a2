# The settings of a group's own projects, without subgroups.
list "gitlab_error_tracking_settings" "acme" {
  provider = gitlab
  limit    = 1000

  config {
    group             = "acme"
    include_subgroups = false
  }
}
