# By the project, as full path or ID, and the key's ID.
terraform import gitlab_error_tracking_client_key.web acme/web:42

# By the project and the key itself.
terraform import gitlab_error_tracking_client_key.web acme/web:glet_0123456789abcdef0123456789abcdef

# By the DSN that an application is configured with.
terraform import gitlab_error_tracking_client_key.web https://glet_0123456789abcdef0123456789abcdef@observe.gitlab.com:443/errortracking/api/v1/projects/1
