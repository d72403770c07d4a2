package errortracking_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// withSettings is a project whose settings every write of the tests is allowed to.
func withSettings(faults ...gitlabsim.Fault) gitlabsim.Scenario {
	return gitlabsim.Scenario{
		Projects: []gitlabsim.Project{{
			ID: project, Path: "acme/web",
			Settings:   &gitlabsim.Settings{Integrated: true, APIURL: new("https://sentry.example.com/api/0/projects/o/p/")},
			ClientKeys: gitlabsim.ClientKeys{{ID: 99}},
		}},
		Faults: faults,
	}
}

func TestRepetitions(t *testing.T) {
	t.Parallel()

	requests := map[string]request{
		"GET": readSettings, "PUT": putSettings, "PATCH": patchSettings, "DELETE": deleteKey, "POST": createKey,
	}
	tests := []struct {
		status       int
		drop         bool
		most, ofPOST int // attempts
	}{
		{status: 429, most: 3, ofPOST: 3},
		{status: 500, most: 3, ofPOST: 1},
		{status: 502, most: 3, ofPOST: 1},
		{status: 503, most: 3, ofPOST: 1},
		{status: 504, most: 3, ofPOST: 1},
		{status: 520, most: 3, ofPOST: 1},
		{drop: true, most: 3, ofPOST: 1},
		{status: 400, most: 1, ofPOST: 1},
		{status: 404, most: 1, ofPOST: 1},
		{status: 408, most: 1, ofPOST: 1},
		{status: 501, most: 1, ofPOST: 1},
	}
	for _, tt := range tests {
		for method, send := range requests {
			t.Run(method+" "+strconv.Itoa(tt.status), func(t *testing.T) {
				t.Parallel()

				most := tt.most
				if method == http.MethodPost {
					most = tt.ofPOST
				}
				// Twice it goes wrong, which is as often as the client repeats.
				server := startGitLab(t, withSettings(gitlabsim.Fault{Path: "/*", Status: tt.status, Drop: tt.drop, Times: 2}))
				var paused waits
				err := send(t.Context(), newClient(t, server.URL(), retries(2), paused.recorded))
				if (err == nil) != (most == 3) {
					t.Errorf("got error %v", err)
				}
				// What is read back after a lost answer is another request.
				asked := slices.DeleteFunc(server.Requests(), func(r gitlabsim.Request) bool { return r.Method != method })
				if got := len(asked); got != most || len(paused.all()) != most-1 {
					t.Errorf("got %d requests and the pauses %v, want %d requests", got, paused.all(), most)
				}
				if failed, ok := errors.AsType[*errortracking.Error](err); ok && failed.Attempts != most {
					t.Errorf("got %d attempts, want %d", failed.Attempts, most)
				}
			})
		}
	}
}

func TestRepetitionsEnd(t *testing.T) {
	t.Parallel()

	for number, options := range map[int][]func(*errortracking.Options){
		1: {retries(0)}, 2: {retries(1)}, errortracking.DefaultRetries + 1: nil,
	} {
		server := startGitLab(t, gitlabsim.Scenario{Faults: fault(503, "")})
		var paused waits
		failed := wantError(t, readSettings(t.Context(), newClient(t, server.URL(), append(options, paused.recorded)...)), errortracking.ErrServer)
		if failed.Attempts != number || len(server.Requests()) != number || len(paused.all()) != number-1 {
			t.Errorf("got %d attempts, %d requests, pauses %v, want %d requests", failed.Attempts, len(server.Requests()), paused.all(), number)
		}
		for n, wait := range paused.all() {
			if least := 100 * time.Millisecond << n; wait < least || wait >= 2*least {
				t.Errorf("the pause %d is %s, want one from %s to %s", n, wait, least, 2*least)
			}
		}
	}
}

func TestRequestedWaits(t *testing.T) {
	t.Parallel()

	soon := func(format func(time.Time) string, seconds int) string {
		return format(time.Now().Add(time.Duration(seconds) * time.Second))
	}
	date := func(at time.Time) string { return at.UTC().Format(http.TimeFormat) }
	unix := func(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
	tests := map[string]struct {
		status      int
		headers     map[string]string
		least, most time.Duration
		endsAtOnce  bool
	}{
		"seconds":              {status: 429, headers: map[string]string{"Retry-After": "7"}, least: 6 * time.Second, most: 7 * time.Second},
		"seconds of a 503":     {status: 503, headers: map[string]string{"Retry-After": "7"}, least: 7 * time.Second, most: 7*time.Second + 200*time.Millisecond},
		"longest":              {status: 429, headers: map[string]string{"Retry-After": "600"}, least: 599 * time.Second, most: 600 * time.Second},
		"too long":             {status: 429, headers: map[string]string{"Retry-After": "601"}, endsAtOnce: true},
		"too long for a 503":   {status: 503, headers: map[string]string{"Retry-After": "601"}, endsAtOnce: true},
		"far too long":         {status: 429, headers: map[string]string{"Retry-After": "99999999999999999999"}, endsAtOnce: true},
		"date":                 {status: 429, headers: map[string]string{"Retry-After": soon(date, 500)}, least: 200 * time.Second, most: 501 * time.Second},
		"reset":                {status: 429, headers: map[string]string{"RateLimit-Reset": soon(unix, 500)}, least: 200 * time.Second, most: 501 * time.Second},
		"date too far":         {status: 429, headers: map[string]string{"Retry-After": soon(date, 3600)}, endsAtOnce: true},
		"date in the past":     {status: 429, headers: map[string]string{"Retry-After": soon(date, -60)}, most: 200 * time.Millisecond},
		"past date of a 503":   {status: 503, headers: map[string]string{"Retry-After": soon(date, -60)}, least: 100 * time.Millisecond, most: 200 * time.Millisecond},
		"reset too far":        {status: 429, headers: map[string]string{"RateLimit-Reset": soon(unix, 3600)}, endsAtOnce: true},
		"reset of no limit":    {status: 503, headers: map[string]string{"RateLimit-Reset": soon(unix, 3600)}, least: 100 * time.Millisecond, most: 200 * time.Millisecond},
		"seconds before reset": {status: 429, headers: map[string]string{"Retry-After": "2", "RateLimit-Reset": soon(unix, 3600)}, least: time.Second, most: 2 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startGitLab(t, withSettings(gitlabsim.Fault{Path: "/*", Status: tt.status, Headers: tt.headers, Times: 1}))
			var paused waits
			client := newClient(t, server.URL(), paused.recorded)
			err := readSettings(t.Context(), client)
			pauses := paused.all()
			if tt.endsAtOnce {
				if err == nil || len(pauses) != 0 || len(server.Requests()) != 1 {
					t.Errorf("got error %v after the pauses %v, want an end at once", err, pauses)
				}
				return
			}
			if err != nil || len(pauses) != 1 || pauses[0] < tt.least || pauses[0] > tt.most {
				t.Errorf("got error %v after the pauses %v, want one from %s to %s", err, pauses, tt.least, tt.most)
			}
			if waited := client.RateLimitWait(); (waited > 0) != (tt.status == http.StatusTooManyRequests) {
				t.Errorf("waited %s for the rate limit after a %d", waited, tt.status)
			}
		})
	}
}

// TestLastAttemptCounts shows that an error describes the last attempt alone.
func TestLastAttemptCounts(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Path: "/*", Status: 503, Times: 1}, {Path: "/*", Drop: true}}})
	failed := wantError(t, readSettings(t.Context(), newClient(t, server.URL(), retries(1))), errortracking.ErrConnection)
	if failed.Status != 0 || failed.Message != "" || failed.Attempts != 2 {
		t.Errorf("got %+v, want no answer after two attempts", failed)
	}
}

// TestNoCreationAfterCancellation cancels just before a POST is repeated.
func TestNoCreationAfterCancellation(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{Faults: fault(429, "")})
	for n := range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		client := newClient(t, server.URL(), func(o *errortracking.Options) {
			o.Pause = func(time.Duration) time.Duration {
				cancel()
				return 0
			}
		})
		_, err := client.PostClientKey(ctx, project)
		if !errors.Is(err, context.Canceled) || len(server.Requests()) != n+1 {
			t.Fatalf("got error %v after %d requests, want a cancellation after %d", err, len(server.Requests()), n+1)
		}
	}
}

// TestCancelledWait cancels while the client waits an hour for a repetition.
func TestCancelledWait(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		fault gitlabsim.Fault
		kind  error
	}{
		"after an answer":        {gitlabsim.Fault{Path: "/*", Status: 503, Body: `{"message":"busy"}`}, errortracking.ErrInterrupted},
		"after a 429":            {gitlabsim.Fault{Path: "/*", Status: 429, Body: `{"message":"busy"}`}, errortracking.ErrInterrupted},
		"after a cut connection": {gitlabsim.Fault{Path: "/*", Drop: true}, errortracking.ErrInterrupted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startGitLab(t, gitlabsim.Scenario{Faults: []gitlabsim.Fault{tt.fault}})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			client := newClient(t, server.URL(), func(o *errortracking.Options) {
				o.Pause = func(time.Duration) time.Duration {
					cancel()
					return time.Hour
				}
			})
			failed := wantError(t, readSettings(ctx, client), tt.kind)
			if !errors.Is(&failed, context.Canceled) || failed.Attempts != 1 || (failed.Message == "busy") != (tt.fault.Status != 0) {
				t.Errorf("got %v after %d attempts, want a cancellation after one, with what GitLab said", failed, failed.Attempts)
			}
		})
	}
}

// GitLab ends a request after a minute, and the client waits for that.
func TestSlowAnswer(t *testing.T) {
	t.Parallel()

	for takes, attempts := range map[time.Duration]int{time.Minute: 1, 70 * time.Second: 2} {
		synctest.Test(t, func(t *testing.T) {
			sent := 0
			client := startLimited(t, roundTrip(func(req *http.Request) (*http.Response, error) {
				if sent++; sent > 1 {
					return accepted(req), nil
				}
				select {
				case <-time.After(takes):
					return accepted(req), nil
				case <-req.Context().Done():
					return nil, req.Context().Err()
				}
			}))
			if err := client.CheckToken(t.Context()); err != nil || sent != attempts {
				t.Errorf("a response after %s: %d attempts and error %v, want %d", takes, sent, err, attempts)
			}
		})
	}
}

// After an unclear answer the keys are read until the end, however slow the lists are, and whatever becomes of the run.
func TestSlowLookForAKey(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		posted, lists := false, 0
		client := startLimited(t, roundTrip(func(req *http.Request) (*http.Response, error) {
			resp := accepted(req)
			if req.Method == http.MethodPost {
				httptrace.ContextClientTrace(req.Context()).GotConn(httptrace.GotConnInfo{})
				posted, resp.StatusCode = true, http.StatusBadGateway
				interrupt()
				return resp, nil
			}
			body := "[]"
			if posted {
				if lists++; lists == 3 {
					body = `[{"id":1,"active":true,"public_key":"glet_1","sentry_dsn":"https://glet_1@h/1"}]`
				}
				select {
				case <-time.After(20 * time.Second):
				case <-req.Context().Done():
					return nil, req.Context().Err()
				}
			}
			resp.Body = io.NopCloser(strings.NewReader(body))
			return resp, nil
		}))
		key, err := client.AddClientKey(ctx, project)
		if err != nil || key.ID != 1 || key.RecoveredFrom == nil {
			t.Errorf("got %+v and error %v, want key 1 of the third list", key, err)
		}
	})
}

// A deadline is no interrupt: the error says what GitLab answered before, or that it did not answer in time.
func TestDeadline(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		answer roundTrip
		want   error
		wait   time.Duration
	}{
		"no answer": {func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}, errortracking.ErrTimeout, 0},
		"wait after a 503": {func(req *http.Request) (*http.Response, error) {
			resp := refused(req, 90*time.Second)
			resp.StatusCode = http.StatusServiceUnavailable
			return resp, nil
		}, errortracking.ErrServer, 90 * time.Second},
		"wait after a 429": {func(req *http.Request) (*http.Response, error) {
			return refused(req, 90*time.Second), nil
		}, errortracking.ErrRateLimited, 90 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				client := startLimited(t, tt.answer)
				failed := wantError(t, client.CheckToken(ctx), tt.want)
				if failed.Wait != tt.wait || failed.Attempts != 1 {
					t.Errorf("got %+v, want one attempt and a wait of %s", failed, tt.wait)
				}
				// Nothing is begun then.
				_, err := client.ClientKey(ctx, project, 1)
				wantError(t, err, errortracking.ErrTimeout)
			})
		})
	}
}

// TestRefusedConnection shows that a POST is repeated as long as it was not sent.
func TestRefusedConnection(t *testing.T) {
	t.Parallel()

	var paused waits
	failed := wantError(t, createKey(t.Context(), newClient(t, "http://"+refusingAddress(t), retries(2), paused.recorded)), errortracking.ErrUnreachable)
	if failed.Sent || failed.Attempts != 3 || len(paused.all()) != 2 || failed.Method != http.MethodPost || failed.Path != "/api/v4/projects/1/error_tracking/client_keys" {
		t.Errorf("got %+v after the pauses %v, want three attempts that sent nothing", failed, paused.all())
	}
}

// refusing cuts one connection, by its number, before a word is said on it.
type refusing struct {
	net.Listener
	refused  int64
	accepted atomic.Int64
}

func (l *refusing) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil && l.accepted.Add(1) == l.refused {
		return conn, conn.Close()
	}
	return conn, err
}

// TestFailedHandshake shows that a POST is repeated when its connection fails before it is ready, also after an attempt
// that was sent and refused.
func TestFailedHandshake(t *testing.T) {
	t.Parallel()

	for refused, requests := range map[int64]int{1: 1, 2: 2} {
		var asked atomic.Int64
		server := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
			if asked.Add(1) < refused {
				w.Header().Set("Connection", "close")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			answering(http.StatusCreated, `{"id":7,"active":true,"public_key":"glet_7","sentry_dsn":"https://glet_7@x/1"}`)(w, r)
		})
		server.Listener = &refusing{Listener: server.Listener, refused: refused}
		server.StartTLS()
		var paused waits
		client := newClient(t, server.URL, paused.recorded, func(o *errortracking.Options) { o.Insecure = true })
		if err := createKey(t.Context(), client); err != nil {
			t.Error(err)
		}
		if len(server.seen()) != requests || len(paused.all()) != requests {
			t.Errorf("got %d requests after the pauses %v, want %d after as many", len(server.seen()), paused.all(), requests)
		}
	}
}

// TestAmbiguousCreation shows that a POST whose answer is lost is not repeated, and distinguished from one that did nothing.
func TestAmbiguousCreation(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		scenario gitlabsim.Scenario
		keys     int
		sent     bool
	}{
		"broken instance setting": {gitlabsim.Scenario{DSNBaseURL: new("nowhere")}, 1, true},
		"lost answer":             {gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Path: "/*", Drop: true, After: true}}}, 1, true},
		"other answer":            {gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Path: "/*", Status: 502, After: true}}}, 1, true},
		"page for an answer":      {gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Path: "/*", Status: 200, Body: "<html>", After: true}}}, 1, true},
		"lost request":            {gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Path: "/*", Drop: true}}}, 0, true},
		"refused":                 {gitlabsim.Scenario{Tokens: []gitlabsim.Token{{Token: token, Roles: map[string]string{"1": "developer"}}}}, 0, false},
		"sent elsewhere":          {gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Path: "/*", Status: 302}}}, 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startGitLab(t, tt.scenario)
			_, err := newClient(t, server.URL()).PostClientKey(t.Context(), project)
			failed, ok := errors.AsType[*errortracking.Error](err)
			if !ok || failed.Sent != tt.sent || failed.Attempts != 1 {
				t.Errorf("got %+v, want one attempt with Sent %t", failed, tt.sent)
			}
			if keys := server.Keys(project); len(keys) != tt.keys || len(server.Requests()) != 1 {
				t.Errorf("%d requests made the keys %+v, want one request and %d keys", len(server.Requests()), keys, tt.keys)
			}
		})
	}
}

// TestDeletionThatWasDone shows that a deletion whose first answer was lost, and whose repetition finds no key, is done.
func TestDeletionThatWasDone(t *testing.T) {
	t.Parallel()

	scenario := withSettings()
	scenario.DSNBaseURL = new("nowhere")
	server := startGitLab(t, scenario)
	if err := newClient(t, server.URL()).DeleteClientKey(t.Context(), project, 99); err != nil || len(server.Keys(project)) != 0 {
		t.Errorf("got error %v and the keys %+v, want no key", err, server.Keys(project))
	}
}

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
			if got := errortracking.RequestedWait(tt.status, header); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRetryPolicyAfterErrors(t *testing.T) {
	t.Parallel()

	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	tests := map[string]struct {
		method         string
		sent, answered bool
		err            error
		want           bool
	}{
		"GET, refused":                 {"GET", false, false, refused, true},
		"GET, cut":                     {"GET", true, false, io.ErrUnexpectedEOF, true},
		"DELETE, cut":                  {"DELETE", true, false, io.ErrUnexpectedEOF, true},
		"POST, refused":                {"POST", false, false, refused, true},
		"POST, cut":                    {"POST", true, false, io.ErrUnexpectedEOF, false},
		"GET, answer without a target": {"GET", true, true, io.ErrUnexpectedEOF, false},
		"GET, certificate refused":     {"GET", false, false, &url.Error{Op: "Get", URL: "https://x", Err: &tls.CertificateVerificationError{Err: errors.New("unknown authority")}}, false},
		"GET, plain HTTP":              {"GET", false, false, http.ErrSchemeMismatch, false},
		"GET, no such host":            {"GET", false, false, &net.DNSError{IsNotFound: true}, false},
		"GET, names not answered":      {"GET", false, false, &net.DNSError{IsTimeout: true}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			ctx, cancel := context.WithCancel(t.Context())
			if got, err := errortracking.RepeatAfterError(ctx, tt.method, tt.sent, tt.answered, tt.err); got != tt.want || err != nil {
				t.Errorf("got %t and error %v, want %t", got, err, tt.want)
			}
			cancel()
			if got, err := errortracking.RepeatAfterError(ctx, tt.method, tt.sent, tt.answered, tt.err); got || err != nil {
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
		pause := func(wait time.Duration) time.Duration {
			told = wait
			return 1
		}
		if got := errortracking.Backoff(pause, attempt); got != 1 || told < most/2 || told >= most {
			t.Errorf("attempt %d: got %s for a pause of %s, want one from %s to %s", attempt, got, told, most/2, most)
		}
	}
}

// A wait that is too long ends the request. The error has it, counted from GitLab's own clock.
func TestTooLongWait(t *testing.T) {
	t.Parallel()
	then := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for name, test := range map[string]struct {
		status int
		header http.Header
		want   error
	}{
		"Retry-After":           {429, http.Header{"Retry-After": {"700"}}, errortracking.ErrRateLimited},
		"Retry-After of a 503":  {503, http.Header{"Retry-After": {"700"}}, errortracking.ErrServer},
		"Retry-After as a date": {429, http.Header{"Retry-After": {then.Add(700 * time.Second).Format(http.TimeFormat)}}, errortracking.ErrRateLimited},
		"RateLimit-Reset":       {429, http.Header{"Ratelimit-Reset": {strconv.FormatInt(then.Unix()+700, 10)}}, errortracking.ErrRateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startServer(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", then.Format(http.TimeFormat))
				for header, values := range test.header {
					w.Header()[header] = values
				}
				w.WriteHeader(test.status)
			})
			for method, send := range map[string]request{http.MethodGet: readSettings, http.MethodPost: createKey} {
				var paused waits
				failed := wantError(t, send(t.Context(), newClient(t, server.URL, paused.recorded)), test.want)
				if failed.Wait != 700*time.Second || failed.Attempts != 1 || len(paused.all()) > 0 {
					t.Errorf("%s: got a wait of %s after %d attempts, want 700 s after one", method, failed.Wait, failed.Attempts)
				}
			}
		})
	}
}

// Without the option Pause a client waits before it repeats a request.
func TestPauseByDefault(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Path: "/*", Status: http.StatusServiceUnavailable, Times: 1}}})
	client := newClient(t, server.URL(), func(o *errortracking.Options) { o.Pause = nil })
	started := time.Now()
	if err := client.CheckToken(t.Context()); err != nil || time.Since(started) < 100*time.Millisecond {
		t.Errorf("got error %v after %s, want a wait of 100 ms at least", err, time.Since(started))
	}
}
