# By the project's full path or its ID.
terraform import gitlab_error_tracking_settings.web acme/web
