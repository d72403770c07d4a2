package errortracking_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// TestErrorParts shows that an error can be taken apart, with and without a cause.
func TestErrorParts(t *testing.T) {
	t.Parallel()

	for _, cause := range []error{nil, io.ErrUnexpectedEOF} {
		err := &errortracking.Error{Kind: errortracking.ErrConnection, Err: cause}
		if parts := err.Unwrap(); slices.Contains(parts, nil) || !errors.Is(err, errortracking.ErrConnection) || errors.Is(err, io.ErrUnexpectedEOF) != (cause != nil) {
			t.Errorf("the cause %v gives the parts %v", cause, parts)
		}
	}
}

// A status that HTTP has no name for stands alone.
func TestStatusLine(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{404: "404 Not Found", 520: "520"} {
		server := startGitLab(t, gitlabsim.Scenario{Faults: fault(status, `{"message":"odd"}`)})
		var failed *errortracking.Error
		if err := readSettings(t.Context(), newClient(t, server.URL(), retries(0))); !errors.As(err, &failed) || errortracking.StatusLine(failed.Status) != want ||
			!strings.Contains(err.Error(), "settings: "+want+"): odd") {
			t.Errorf("got %v, want the status line %q", err, want)
		}
	}
}

// An error of what was not sent names no request.
func TestError_nothingSent(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, end := context.WithTimeout(t.Context(), 0)
	defer end()
	for name, ask := range map[string]func(context.Context, *errortracking.Client) error{
		"a request": func(ctx context.Context, c *errortracking.Client) error { return c.CheckToken(ctx) },
		"a project": func(ctx context.Context, c *errortracking.Client) error {
			_, err := c.Project(ctx, "acme/web")
			return err
		},
		"a write": func(ctx context.Context, c *errortracking.Client) error {
			_, err := c.AddClientKey(ctx, project)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startGitLab(t, gitlabsim.Scenario{})
			client := newClient(t, server.URL())
			for ctx, want := range map[context.Context][]error{
				cancelled: {errortracking.ErrInterrupted, context.Canceled},
				late:      {errortracking.ErrTimeout, errortracking.ErrConnection, context.DeadlineExceeded},
			} {
				if failed := wantError(t, ask(ctx, client), want...); failed.Method+failed.Path != "" || failed.Attempts != 0 {
					t.Errorf("got %s %s after %d attempts", failed.Method, failed.Path, failed.Attempts)
				}
			}
			wantLines(t, server)
		})
	}
}
