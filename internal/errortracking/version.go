package errortracking

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// isRecent asks GitLab whether it is of version 15.10 or newer, the first with all endpoints of error tracking. Where one of
// them is missing there, GitLab has given up error tracking.
//
//	GET /version
func (c *Client) isRecent(ctx context.Context) bool {
	var about struct {
		Version string `json:"version"`
	}
	_, err := c.do(ctx, http.MethodGet, "/version", nil, &about)
	if errors.Is(err, ErrMissingPermission) {
		return true // The endpoint takes no fine-grained tokens, which GitLab has since 18.7.
	}
	var major, minor int
	_, _ = fmt.Sscanf(about.Version, "%d.%d", &major, &minor) // Without a version it is not a GitLab that had error tracking.
	return major > 15 || major == 15 && minor >= 10
}
