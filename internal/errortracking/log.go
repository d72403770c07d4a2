package errortracking

import (
	"context"
	"regexp"
	"strings"
	"time"
)

// pathIDs are the IDs and paths in a path below /api/v4, each after the segment that says what it is.
var pathIDs = regexp.MustCompile(`(^/projects|^/groups|/client_keys)/[^/]+`)

// report hands an attempt that began at start to the option Log.
func (c *call) report(ctx context.Context, start time.Time, failure error) {
	if c.client.options.Log == nil {
		return
	}
	mask := c.client.secrets.Replace
	_, path, _ := strings.Cut(c.path, "/api/v4")
	fields := map[string]any{
		"method":      c.method,
		"path":        mask(pathIDs.ReplaceAllString(path, "$1/:id")),
		"attempt":     c.attempts,
		"status":      0,
		"duration_ms": time.Since(start).Milliseconds(),
	}
	if c.answer != nil {
		fields["status"] = c.answer.status
		if id := c.answer.header.Get("X-Request-Id"); id != "" {
			fields["request_id"] = mask(id)
		}
	}
	if failure != nil {
		fields["failure"] = mask(failure.Error())
	}
	c.client.options.Log(ctx, fields)
}
