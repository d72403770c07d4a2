package errortracking

import (
	"context"
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

// report hands an attempt that began at start to the option Log.
func (call *call) report(ctx context.Context, start time.Time, failure error) {
	c := call.client
	if c.log == nil {
		return
	}
	attempt := Attempt{Method: call.method, Path: c.secrets.Replace(pathTemplate(call.path)), Number: call.attempts, Duration: time.Since(start)}
	if failure != nil {
		attempt.Failure = c.secrets.Replace(failure.Error())
	}
	if call.answer != nil {
		attempt.Status = call.answer.status
		attempt.RequestID = c.secrets.Replace(call.answer.header.Get("X-Request-Id"))
	}
	c.log(ctx, attempt)
}

// pathTemplate returns a request's path as GitLab's documentation writes it.
func pathTemplate(path string) string {
	if _, below, found := strings.Cut(path, "/api/v4"); found {
		path = below
	}
	parts := strings.Split(path, "/")
	for i, part := range parts[:len(parts)-1] {
		if part == "projects" && i == 1 || part == "groups" || part == "client_keys" {
			parts[i+1] = ":id"
		}
	}
	return strings.Join(parts, "/")
}
