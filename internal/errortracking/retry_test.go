package errortracking_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
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
		"seconds":              {status: 429, headers: map[string]string{"Retry-After": "7"}, least: 7 * time.Second, most: 7*time.Second + 200*time.Millisecond},
		"seconds of a 503":     {status: 503, headers: map[string]string{"Retry-After": "7"}, least: 7 * time.Second, most: 7*time.Second + 200*time.Millisecond},
		"longest":              {status: 429, headers: map[string]string{"Retry-After": "600"}, least: 600 * time.Second, most: 601 * time.Second},
		"too long":             {status: 429, headers: map[string]string{"Retry-After": "601"}, endsAtOnce: true},
		"too long for a 503":   {status: 503, headers: map[string]string{"Retry-After": "601"}, endsAtOnce: true},
		"far too long":         {status: 429, headers: map[string]string{"Retry-After": "99999999999999999999"}, endsAtOnce: true},
		"date":                 {status: 429, headers: map[string]string{"Retry-After": soon(date, 500)}, least: 200 * time.Second, most: 501 * time.Second},
		"reset":                {status: 429, headers: map[string]string{"RateLimit-Reset": soon(unix, 500)}, least: 200 * time.Second, most: 501 * time.Second},
		"date too far":         {status: 429, headers: map[string]string{"Retry-After": soon(date, 3600)}, endsAtOnce: true},
		"date in the past":     {status: 429, headers: map[string]string{"Retry-After": soon(date, -60)}, least: 100 * time.Millisecond, most: 200 * time.Millisecond},
		"reset too far":        {status: 429, headers: map[string]string{"RateLimit-Reset": soon(unix, 3600)}, endsAtOnce: true},
		"reset of no limit":    {status: 503, headers: map[string]string{"RateLimit-Reset": soon(unix, 3600)}, least: 100 * time.Millisecond, most: 200 * time.Millisecond},
		"seconds before reset": {status: 429, headers: map[string]string{"Retry-After": "2", "RateLimit-Reset": soon(unix, 3600)}, least: 2 * time.Second, most: 2200 * time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startGitLab(t, withSettings(gitlabsim.Fault{Path: "/*", Status: tt.status, Headers: tt.headers, Times: 1}))
			var paused waits
			err := readSettings(t.Context(), newClient(t, server.URL(), paused.recorded))
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
		})
	}
}

// TestLastAttemptCounts shows that an error tells of the last attempt alone.
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
		"after an answer":        {gitlabsim.Fault{Path: "/*", Status: 503}, errortracking.ErrInterrupted},
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
			if !errors.Is(&failed, context.Canceled) || failed.Attempts != 1 {
				t.Errorf("got %v after %d attempts, want a cancellation after one", failed, failed.Attempts)
			}
		})
	}
}

// TestCancelledRead cancels a GET that is under way.
func TestCancelledRead(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := startServer(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	failed := wantError(t, readSettings(ctx, newClient(t, server.URL)), errortracking.ErrInterrupted)
	if !errors.Is(&failed, context.Canceled) || failed.Attempts != 1 {
		t.Errorf("got %v after %d attempts, want a cancellation after one", failed, failed.Attempts)
	}
}

// TestCancelledCreation cancels a POST that is under way, which ends as if nothing had happened.
func TestCancelledCreation(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		answering(http.StatusCreated, `{"id":7,"active":true,"public_key":"glet_7","sentry_dsn":"https://glet_7@x/1"}`)(w, r)
	})
	client := newClient(t, server.URL)
	key, err := client.PostClientKey(ctx, project)
	want := errortracking.ClientKey{ID: 7, Active: true, PublicKey: "glet_7", DSN: "https://glet_7@x/1"}
	if err != nil || key != want || ctx.Err() == nil {
		t.Errorf("got %+v and error %v, want %+v", key, err, want)
	}

	_, err = client.PostClientKey(ctx, project)
	failed := wantError(t, err, errortracking.ErrInterrupted)
	if failed.Sent || failed.Attempts != 0 || !errors.Is(err, context.Canceled) || len(server.seen()) != 1 {
		t.Errorf("got %+v after %d requests, want that a cancelled POST does not begin", failed, len(server.seen()))
	}
}

// TestTimeout shows that one attempt has its own time and that another follows.
func TestTimeout(t *testing.T) {
	t.Parallel()

	var asked atomic.Int64
	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			<-r.Context().Done()
			return
		}
		answering(http.StatusOK, `{"id":1}`)(w, r)
	})
	client := newClient(t, server.URL, func(o *errortracking.Options) { o.Timeout = 500 * time.Millisecond })
	if err := client.CheckToken(t.Context()); err != nil {
		t.Error(err)
	}
	if got := asked.Load(); got < 2 {
		t.Errorf("got %d requests, want another after the one without an answer", got)
	}
}

// TestRefusedConnection shows that a POST is repeated as long as it was not sent.
func TestRefusedConnection(t *testing.T) {
	t.Parallel()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	// While this connection lives, nobody else can listen on the port of its near end.
	held, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close() }()

	var paused waits
	failed := wantError(t, createKey(t.Context(), newClient(t, "http://"+held.LocalAddr().String(), retries(2), paused.recorded)), errortracking.ErrConnection)
	if failed.Sent || failed.Attempts != 3 || len(paused.all()) != 2 || failed.Method != http.MethodPost || failed.Path != "/api/v4/projects/1/error_tracking/client_keys" {
		t.Errorf("got %+v after the pauses %v, want three attempts that sent nothing", failed, paused.all())
	}
}

// firstRefused cuts the first connection before a word is said on it.
type firstRefused struct {
	net.Listener
	refused atomic.Bool
}

func (l *firstRefused) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil && l.refused.CompareAndSwap(false, true) {
		return conn, conn.Close()
	}
	return conn, err
}

// TestFailedHandshake shows that a POST is repeated when its connection fails before it is ready.
func TestFailedHandshake(t *testing.T) {
	t.Parallel()

	server := newWireServer(t, answering(http.StatusCreated, `{"id":7,"active":true,"public_key":"glet_7","sentry_dsn":"https://glet_7@x/1"}`))
	server.Listener = &firstRefused{Listener: server.Listener}
	server.StartTLS()
	var paused waits
	client := newClient(t, server.URL, paused.recorded, func(o *errortracking.Options) { o.Insecure = true })
	if err := createKey(t.Context(), client); err != nil {
		t.Error(err)
	}
	if len(server.seen()) != 1 || len(paused.all()) != 1 {
		t.Errorf("got %d requests after the pauses %v, want one after one", len(server.seen()), paused.all())
	}
}

// TestAmbiguousCreation shows that a POST whose answer is lost is not repeated, and is told from one that did nothing.
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

// TestDeletionThatWasDone shows what a deletion answers whose first answer was lost.
func TestDeletionThatWasDone(t *testing.T) {
	t.Parallel()

	scenario := withSettings()
	scenario.DSNBaseURL = new("nowhere")
	server := startGitLab(t, scenario)
	failed := wantError(t, deleteKey(t.Context(), newClient(t, server.URL())), errortracking.ErrClientKeyNotFound)
	if failed.Attempts != 2 || len(server.Keys(project)) != 0 {
		t.Errorf("got %+v and the keys %+v, want two attempts and no key", failed, server.Keys(project))
	}
}
