package errortracking

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

func TestRequestedWait(t *testing.T) {
	t.Parallel()

	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		status       int
		after, reset string
		want         time.Duration
	}{
		{429, "", "", 0},
		{429, "0", "", 0},
		{429, "1", "", time.Second},
		{503, "60", "", time.Minute},
		{429, "-1", "", 0},
		{429, "1.5", "", 0},
		{429, "soon", "", 0},
		{429, "2147483648", "", (1<<31 - 1) * time.Second},
		{429, "99999999999999999999", "", (1<<31 - 1) * time.Second},
		{429, "Sun, 22 Nov 2026 12:00:30 GMT", "", 30 * time.Second},
		{429, "Sunday, 22-Nov-26 12:00:30 GMT", "", 30 * time.Second},
		{429, "Sun, 22 Nov 2026 11:59:30 GMT", "", 0},
		{429, "", "1795348830", 30 * time.Second},
		{429, "", "1795348770", 0},
		{429, "", "never", 0},
		{429, "5", "1795348830", 5 * time.Second},
		{429, "soon", "1795348830", 30 * time.Second},
		{503, "", "1795348830", 0},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d Retry-After %q RateLimit-Reset %q", tt.status, tt.after, tt.reset), func(t *testing.T) {
			t.Parallel()

			header := http.Header{}
			header.Set("Date", now.Format(http.TimeFormat))
			header.Set("Retry-After", tt.after)
			header.Set("RateLimit-Reset", tt.reset)
			if got := requestedWait(tt.status, header); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRetryPolicyAfterErrors(t *testing.T) {
	t.Parallel()

	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	tests := map[string]struct {
		call call
		err  error
		want bool
	}{
		"GET, refused":                 {call{method: "GET"}, refused, true},
		"GET, cut":                     {call{method: "GET", sent: true}, io.ErrUnexpectedEOF, true},
		"DELETE, cut":                  {call{method: "DELETE", sent: true}, io.ErrUnexpectedEOF, true},
		"POST, refused":                {call{method: "POST"}, refused, true},
		"POST, cut":                    {call{method: "POST", sent: true}, io.ErrUnexpectedEOF, false},
		"GET, answer without a target": {call{method: "GET", sent: true, answer: &answer{}}, io.ErrUnexpectedEOF, false},
		"GET, answer too long":         {call{method: "GET", sent: true}, fmt.Errorf("reading: %w", errBodyTooLong), false},
		"GET, certificate refused":     {call{method: "GET"}, &tls.CertificateVerificationError{Err: errors.New("unknown authority")}, false},
		"GET, plain HTTP":              {call{method: "GET"}, http.ErrSchemeMismatch, false},
		"GET, no such host":            {call{method: "GET"}, &net.DNSError{IsNotFound: true}, false},
		"GET, names not answered":      {call{method: "GET"}, &net.DNSError{IsTimeout: true}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			ctx, cancel := context.WithCancel(t.Context())
			if got, err := tt.call.check(ctx, nil, tt.err); got != tt.want || err != nil {
				t.Errorf("got %t and error %v, want %t", got, err, tt.want)
			}
			cancel()
			if got, err := tt.call.check(ctx, nil, tt.err); got || err != nil {
				t.Errorf("got %t and error %v after a cancellation, want false", got, err)
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()

	for attempt, most := range map[int]time.Duration{
		0: 200 * time.Millisecond, 1: 400 * time.Millisecond, 5: 6400 * time.Millisecond, 6: 10 * time.Second, 1000: 10 * time.Second,
	} {
		var told time.Duration
		paused := call{client: &Client{pause: func(wait time.Duration) time.Duration {
			told = wait
			return 1
		}}}
		if got := paused.backoff(0, 0, attempt, nil); got != 1 || told < most/2 || told >= most {
			t.Errorf("attempt %d: got %s for a pause of %s, want one from %s to %s", attempt, got, told, most/2, most)
		}
		plain := call{client: &Client{}}
		if got := plain.backoff(0, 0, attempt, nil); got < most/2 || got >= most {
			t.Errorf("attempt %d: got %s, want one from %s to %s", attempt, got, most/2, most)
		}
	}
}

func TestParseBaseURL(t *testing.T) {
	t.Parallel()

	for given, want := range map[string]string{
		"":                                    "https://gitlab.com",
		"https://gitlab.com":                  "https://gitlab.com",
		"https://gitlab.com/":                 "https://gitlab.com",
		"https://gitlab.com/api/v4":           "https://gitlab.com",
		"https://gitlab.com//api/v4//":        "https://gitlab.com",
		"HTTPS://gitlab.example.com:8443":     "https://gitlab.example.com:8443",
		"http://[::1]:8080/gitlab/api/v4/":    "http://[::1]:8080/gitlab",
		"https://example.com/api/v4/gitlab":   "https://example.com/api/v4/gitlab",
		"https://gitlab.example.com/a/b/api/": "https://gitlab.example.com/a/b/api",
	} {
		if got, err := parseBaseURL(given); err != nil || got.String() != want {
			t.Errorf("%q: got %v and error %v, want %s", given, got, err, want)
		}
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()

	for given, want := range map[string]string{
		"https://GitLab.com/a":    "https://gitlab.com:443",
		"https://gitlab.com:443":  "https://gitlab.com:443",
		"http://gitlab.com":       "http://gitlab.com:80",
		"http://gitlab.com:443":   "http://gitlab.com:443",
		"https://gitlab.com:8443": "https://gitlab.com:8443",
		"https://[::1]/":          "https://[::1]:443",
	} {
		u, err := parseBaseURL(given)
		if err != nil {
			t.Fatal(err)
		}
		if got := origin(u); got != want {
			t.Errorf("%s: got %s, want %s", given, got, want)
		}
	}
}
