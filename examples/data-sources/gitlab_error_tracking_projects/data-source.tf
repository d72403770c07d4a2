data "gitlab_error_tracking_projects" "acme" {
  group = "acme"
}

# The projects that have no error tracking.
output "without_error_tracking" {
  value = [
    for project in data.gitlab_error_tracking_projects.acme.projects : project.project
    if try(!project.settings.active, true)
  ]
}

# The projects in which the token's user is not a Maintainer.
output "unreadable" {
  value = data.gitlab_error_tracking_projects.acme.unreadable
}
