package errortracking_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// collectorOf starts a GitLab whose DSNs lead to itself, and returns the DSN of a key of project 1.
func collectorOf(t *testing.T, key gitlabsim.ClientKey) (*gitlabsim.Server, errortracking.DSN) {
	t.Helper()
	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: 1, Path: "acme/web", ClientKeys: gitlabsim.ClientKeys{key}}}})
	server.SetDSNBaseURL(server.URL())
	return server, mustParseDSN(t, server.DSN(1, key.PublicKey))
}

func mustParseDSN(t *testing.T, text string) errortracking.DSN {
	t.Helper()
	dsn, err := errortracking.ParseDSN(text)
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}

func TestSendTestEvent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		event                errortracking.TestEvent
		message, environment string
	}{
		"defaults": {errortracking.TestEvent{}, errortracking.DefaultTestMessage, errortracking.DefaultTestEnvironment},
		"given":    {errortracking.TestEvent{Message: "hello", Environment: "staging"}, "hello", "staging"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, dsn := collectorOf(t, gitlabsim.ClientKey{ID: 7, PublicKey: dsnKey})
			id, status, err := errortracking.SendTestEvent(t.Context(), dsn, test.event)
			if err != nil || status != "200 OK" {
				t.Fatalf("%q, %v", status, err)
			}
			events := server.Events()
			if len(events) != 1 || events[0].EventID != id || events[0].ProjectID != 1 || events[0].PublicKey != dsnKey || events[0].Message != test.message {
				t.Fatalf("the collector has %+v, want the event %s", events, id)
			}
			lines := strings.Split(events[0].Envelope, "\n")
			var sent struct {
				Environment string            `json:"environment"`
				ServerName  string            `json:"server_name"`
				Release     string            `json:"release"`
				Modules     map[string]string `json:"modules"`
				Contexts    map[string]any    `json:"contexts"`
			}
			if err := json.Unmarshal([]byte(lines[2]), &sent); err != nil {
				t.Fatal(err)
			}
			if sent.Environment != test.environment || sent.ServerName != "terraform" || sent.Release != "terraform-provider-gitlab" || sent.Modules != nil {
				t.Errorf("sent %+v", sent)
			}
			if _, told := sent.Contexts["device"]; told {
				t.Errorf("the event tells of this machine: %s", lines[2])
			}
		})
	}
}

// What a DSN leads to, and what that is called.
func TestSendTestEvent_fails(t *testing.T) {
	t.Parallel()
	answering := func(status int, mediaType, body string, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	page := "<!DOCTYPE html><html><title>Sign in</title></html>"
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    error
		message string
	}{
		"404":                   {answering(404, "", ""), errortracking.ErrKeyRefused, ""},
		"404 with the key":      {answering(404, "text/plain", "no key "+dsnKey), errortracking.ErrKeyRefused, "no key …"},
		"404 page":              {answering(404, "text/html", page), errortracking.ErrNotCollector, ""},
		"no such route":         {answering(404, "application/json", `{"error":"404 Not Found"}`), errortracking.ErrNotCollector, "404 Not Found"},
		"200 page":              {answering(200, "text/html; charset=utf-8", page), errortracking.ErrNotCollector, ""},
		"200 page without type": {answering(200, "", " "+page), errortracking.ErrNotCollector, ""},
		"200 text":              {answering(200, "text/plain", "It works!"), errortracking.ErrNotCollector, "It works!"},
		"redirect to a sign-in": {answering(302, "text/plain", "", "Location", "/users/sign_in"), errortracking.ErrNotCollector, ""},
		"401":                   {answering(401, "application/json", `{"message":"401 Unauthorized"}`), errortracking.ErrNotCollector, "401 Unauthorized"},
		"405":                   {answering(405, "text/plain", ""), errortracking.ErrNotCollector, ""},
		"204":                   {answering(204, "", ""), errortracking.ErrNotCollector, ""},
		"400":                   {answering(400, "application/json", `{"message":"bad envelope"}`), errortracking.ErrCollectorFailed, "bad envelope"},
		"429":                   {answering(429, "text/plain", "slow down", "Retry-After", "1"), errortracking.ErrCollectorFailed, "slow down"},
		"502 page":              {answering(502, "text/html", page), errortracking.ErrCollectorFailed, ""},
		"the connection is cut": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, errortracking.ErrCollectorUnreachable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				test.handler(w, r)
			}))
			t.Cleanup(server.Close)
			dsn := mustParseDSN(t, strings.Replace(server.URL, "://", "://"+dsnKey+"@", 1)+dsnPath+"/1")
			if message, _ := sendFails(t.Context(), t, dsn, test.want); message != test.message {
				t.Errorf("the message is %q, want %q", message, test.message)
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// sendFails sends to a DSN that does not work. It returns what the collector said, or why it could not be asked.
func sendFails(ctx context.Context, t *testing.T, dsn errortracking.DSN, want error) (message, cause string) {
	t.Helper()
	_, _, err := errortracking.SendTestEvent(ctx, dsn, errortracking.TestEvent{})
	var failed *errortracking.Error
	if !errors.Is(err, want) || !errors.As(err, &failed) {
		t.Fatalf("the error is %v, want %v", err, want)
	}
	if strings.Contains(err.Error(), dsn.PublicKey) {
		t.Errorf("the error has the key: %v", err)
	}
	if !failed.Collector || failed.Host != dsn.Collector() {
		t.Errorf("the error is of %q: %v", failed.Host, err)
	}
	return failed.Message, failed.Cause()
}

func TestSendTestEvent_inactiveKey(t *testing.T) {
	t.Parallel()
	server, dsn := collectorOf(t, gitlabsim.ClientKey{ID: 7, PublicKey: dsnKey, Inactive: true})
	sendFails(t.Context(), t, dsn, errortracking.ErrKeyRefused)
	if len(server.Events()) > 0 {
		t.Error("the collector took an event")
	}
}

func TestSendTestEvent_refused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close()
	dsn := mustParseDSN(t, strings.Replace(server.URL, "://", "://"+dsnKey+"@", 1)+dsnPath+"/1")
	sendFails(t.Context(), t, dsn, errortracking.ErrCollectorUnreachable)
	sendFails(t.Context(), t, mustParseDSN(t, "https://"+dsnKey+"@collector.invalid"+dsnPath+"/1"), errortracking.ErrCollectorUnreachable)
}

// Whatever listens on localhost:8080 or not, a DSN that leads there and fails is one of an unset instance setting.
func TestSendTestEvent_unset(t *testing.T) {
	t.Parallel()
	sendFails(t.Context(), t, mustParseDSN(t, "http://"+dsnKey+"@localhost:8080"+dsnPath+"/1"), errortracking.ErrCollectorUnset)
}

func TestSendTestEvent_tls(t *testing.T) {
	t.Parallel()
	quiet := log.New(io.Discard, "", 0)
	private := httptest.NewUnstartedServer(nil)
	private.Config.ErrorLog = quiet
	private.StartTLS()
	t.Cleanup(private.Close)
	sendFails(t.Context(), t, mustParseDSN(t, strings.Replace(private.URL, "://", "://"+dsnKey+"@", 1)+dsnPath+"/1"), errortracking.ErrCollectorTLS)
	plain := httptest.NewServer(nil)
	t.Cleanup(plain.Close)
	sendFails(t.Context(), t, mustParseDSN(t, strings.Replace(plain.URL, "http://", "https://"+dsnKey+"@", 1)+dsnPath+"/1"), errortracking.ErrCollectorTLS)
}

func TestSendTestEvent_silent(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	dsn := mustParseDSN(t, strings.Replace(server.URL, "://", "://"+dsnKey+"@", 1)+dsnPath+"/1")
	late, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, cause := sendFails(late, t, dsn, errortracking.ErrCollectorUnreachable); !strings.Contains(cause, "no answer in") {
		t.Errorf("the cause is %q", cause)
	}
	stopped, stop := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, stop)
	sendFails(stopped, t, dsn, errortracking.ErrInterrupted)
}
