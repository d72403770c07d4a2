package errortracking

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// isRemoved reports whether an endpoint is missing because GitLab has given up error tracking: it is one of error tracking,
// and this GitLab is of a version that used to have it. GitLab is asked once.
func (c *Client) isRemoved(ctx context.Context, endpoint string) bool {
	if !strings.Contains(endpoint, "/error_tracking/") {
		return false
	}
	recent, err := c.recent.get(ctx, struct{}{})
	return err == nil && recent
}

// isRecent asks GitLab whether it is of version 15.10 or newer, the first with all endpoints of error tracking.
//
//	GET /version
func (c *Client) isRecent(ctx context.Context, _ struct{}) (bool, error) {
	var about struct {
		Version string `json:"version"`
	}
	_, err := c.do(ctx, http.MethodGet, "/version", nil, &about)
	if errors.Is(err, ErrMissingPermission) {
		return true, nil // The endpoint takes no fine-grained tokens, which GitLab has since 18.7.
	}
	var major, minor int
	_, _ = fmt.Sscanf(about.Version, "%d.%d", &major, &minor) // Without a version it is not a GitLab that had error tracking.
	return major > 15 || major == 15 && minor >= 10, err
}
