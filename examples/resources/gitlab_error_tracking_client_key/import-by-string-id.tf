# For the only active key of a project, the project is enough: acme/web.
import {
  to = gitlab_error_tracking_client_key.web
  id = "acme/web:42"
}
