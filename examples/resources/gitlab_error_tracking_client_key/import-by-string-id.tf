# The ID may also be <project>:<public_key> or a whole DSN.
import {
  to = gitlab_error_tracking_client_key.web
  id = "acme/web:42"
}
