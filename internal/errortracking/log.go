package errortracking

import (
	"context"
	"regexp"
	"strings"
	"time"
)

// Attempt is one attempt at a request, as [Options.Log] gets it. It holds no secret.
type Attempt struct {
	// Method and Path are the request's. The path is that of GitLab's documentation, with :id for what differs.
	Method, Path string
	// Number is 1 for the first attempt at a request, and goes up with each repetition.
	Number int
	// Status is the HTTP status of the answer, 0 when there was none.
	Status int
	// Duration is the time from the start of the attempt to the end of the answer.
	Duration time.Duration
	// RequestID is what GitLab calls the request in its own logs, empty when it does not say.
	RequestID string
	// Failure is why there was no answer, empty when there was one.
	Failure string
}

// pathIDs are the parts of a path below /api/v4 that differ, with what stands before them.
var pathIDs = regexp.MustCompile(`(^/projects|^/groups|/client_keys)/[^/]+`)

// report hands an attempt that began at start to the option Log.
func (c *call) report(ctx context.Context, start time.Time, failure error) {
	if c.client.log == nil {
		return
	}
	mask := c.client.secrets.Replace
	_, path, _ := strings.Cut(c.path, "/api/v4")
	path = mask(pathIDs.ReplaceAllString(path, "$1/:id"))
	attempt := Attempt{Method: c.method, Path: path, Number: c.attempts, Duration: time.Since(start)}
	if failure != nil {
		attempt.Failure = mask(failure.Error())
	}
	if c.answer != nil {
		attempt.Status, attempt.RequestID = c.answer.status, mask(c.answer.header.Get("X-Request-Id"))
	}
	c.client.log(ctx, attempt)
}
