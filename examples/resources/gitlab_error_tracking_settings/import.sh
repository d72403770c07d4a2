# By project, as full path or ID.
terraform import gitlab_error_tracking_settings.web acme/web
