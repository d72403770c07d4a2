# By project and key ID.
terraform import gitlab_error_tracking_client_key.web acme/web:42

# By project, for its only active key.
terraform import gitlab_error_tracking_client_key.web acme/web

# By project and public key.
terraform import gitlab_error_tracking_client_key.web \
  acme/web:glet_0123456789abcdef0123456789abcdef

# By the DSN of an application.
terraform import gitlab_error_tracking_client_key.web \
  https://glet_0123456789abcdef0123456789abcdef@observe.gitlab.com:443/errortracking/api/v1/projects/1
