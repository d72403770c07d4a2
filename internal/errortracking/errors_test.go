package errortracking_test

import (
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
		if err := readSettings(t.Context(), newClient(t, server.URL(), retries(0))); !errors.As(err, &failed) || failed.StatusLine() != want ||
			!strings.Contains(err.Error(), "settings: "+want+"): odd") {
			t.Errorf("got %v, want the status line %q", err, want)
		}
	}
}
