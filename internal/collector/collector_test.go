package collector_test

import (
	"context"
	"crypto/tls"
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

	"github.com/errortracking/terraform-provider-gitlab/internal/collector"
	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

const (
	dsnKey  = "glet_0123456789abcdef0123456789abcdef"
	dsnPath = "/errortracking/api/v1/projects"
)

// collectorOf starts a GitLab whose DSNs lead to itself, and returns the DSN of a key of project 1.
func collectorOf(t *testing.T, key gitlabsim.ClientKey) (*gitlabsim.Server, errortracking.DSN) {
	t.Helper()
	server, err := gitlabsim.Start(gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: 1, Path: "acme/web", ClientKeys: gitlabsim.ClientKeys{key}}}}, gitlabsim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
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

func TestSend(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		event                collector.Event
		message, environment string
	}{
		"defaults": {collector.Event{}, collector.DefaultMessage, collector.DefaultEnvironment},
		"given":    {collector.Event{Message: "hello", Environment: "staging"}, "hello", "staging"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, dsn := collectorOf(t, gitlabsim.ClientKey{ID: 7, PublicKey: dsnKey})
			id, status, err := collector.Send(t.Context(), dsn, test.event)
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
				t.Errorf("the event describes this machine: %s", lines[2])
			}
		})
	}
}

// What a DSN leads to, and what that is called.
func TestSend_fails(t *testing.T) {
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
		"404":                   {answering(404, "", ""), collector.ErrKeyRefused, ""},
		"404 with the key":      {answering(404, "text/plain", "no key "+dsnKey), collector.ErrKeyRefused, "no key …"},
		"404 page":              {answering(404, "text/html", page), collector.ErrNotCollector, ""},
		"no such route":         {answering(404, "application/json", `{"error":"404 Not Found"}`), collector.ErrNotCollector, ""},
		"200 page":              {answering(200, "text/html; charset=utf-8", page), collector.ErrNotCollector, ""},
		"200 page without type": {answering(200, "", " "+page), collector.ErrNotCollector, ""},
		"200 text":              {answering(200, "text/plain", "It works!"), collector.ErrNotCollector, "It works!"},
		"redirect to a sign-in": {answering(302, "text/plain", "", "Location", "/users/sign_in"), collector.ErrNotCollector, ""},
		"401":                   {answering(401, "application/json", `{"message":"401 Unauthorized"}`), collector.ErrNotCollector, ""},
		"405":                   {answering(405, "text/plain", ""), collector.ErrNotCollector, ""},
		"204":                   {answering(204, "", ""), collector.ErrNotCollector, ""},
		"400":                   {answering(400, "application/json", `{"message":"bad envelope"}`), collector.ErrFailed, "bad envelope"},
		"long":                  {answering(400, "text/plain", strings.Repeat("é", 300)+dsnKey), collector.ErrFailed, strings.Repeat("é", 300) + "…"},
		"key where it is cut":   {answering(400, "text/plain", strings.Repeat("é", 290)+dsnKey), collector.ErrFailed, strings.Repeat("é", 290) + "…"},
		"control characters":    {answering(400, "text/plain", "a\x00b\x1b[31m\u202ec"), collector.ErrFailed, "a b [31m c"},
		"413":                   {answering(413, "text/plain", "too big"), collector.ErrFailed, "too big"},
		"429":                   {answering(429, "text/plain", "slow down", "Retry-After", "1"), collector.ErrFailed, "slow down"},
		"502 page":              {answering(502, "text/html", page), collector.ErrFailed, ""},
		"the connection is cut": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, collector.ErrUnreachable, "EOF"},
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
			if message := sendFails(t.Context(), t, dsn, test.want); message != test.message {
				t.Errorf("the message is %q, want %q", message, test.message)
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// sendFails sends to a DSN that does not work. It returns what the error says after host and request.
func sendFails(ctx context.Context, t *testing.T, dsn errortracking.DSN, want error, causes ...error) (detail string) {
	t.Helper()
	_, _, err := collector.Send(ctx, dsn, collector.Event{})
	var failed *collector.Error
	if !errors.Is(err, want) || !errors.As(err, &failed) || !errors.Is(failed.Kind, want) {
		t.Fatalf("the error is %v, want %v", err, want)
	}
	for _, cause := range causes {
		if !errors.Is(err, cause) {
			t.Errorf("the error is %v, want %v", err, cause)
		}
	}
	if strings.Contains(err.Error(), dsn.PublicKey) {
		t.Errorf("the error has the key: %v", err)
	}
	path := strings.TrimPrefix(dsn.EnvelopeURL(), dsn.Scheme+"://"+dsn.Collector())
	told, detail, _ := strings.Cut(err.Error(), path)
	if !strings.HasPrefix(told, "the collector at "+dsn.Collector()+" ") || !strings.HasSuffix(told, " POST ") {
		t.Errorf("the error is not of %s: %v", dsn.EnvelopeURL(), err)
	}
	return strings.TrimPrefix(detail, ": ")
}

func TestSend_inactiveKey(t *testing.T) {
	t.Parallel()
	server, dsn := collectorOf(t, gitlabsim.ClientKey{ID: 7, PublicKey: dsnKey, Inactive: true})
	sendFails(t.Context(), t, dsn, collector.ErrKeyRefused)
	if len(server.Events()) > 0 {
		t.Error("the collector took an event")
	}
}

func TestSend_refused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close()
	dsn := mustParseDSN(t, strings.Replace(server.URL, "://", "://"+dsnKey+"@", 1)+dsnPath+"/1")
	sendFails(t.Context(), t, dsn, collector.ErrUnreachable, errortracking.ErrUnreachable)
	sendFails(t.Context(), t, mustParseDSN(t, "https://"+dsnKey+"@collector.invalid"+dsnPath+"/1"), collector.ErrUnreachable)
}

// Whatever listens on localhost:8080 or not, a DSN that leads there and fails is one of an unset instance setting.
func TestSend_unset(t *testing.T) {
	t.Parallel()
	sendFails(t.Context(), t, mustParseDSN(t, "http://"+dsnKey+"@localhost:8080"+dsnPath+"/1"), collector.ErrUnset)
}

// The error also says which failure of the connection it is.
func TestSend_tls(t *testing.T) {
	t.Parallel()
	serve := func(start func(*httptest.Server), config *tls.Config) func(*testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			server := httptest.NewUnstartedServer(nil)
			server.Config.ErrorLog, server.TLS = log.New(io.Discard, "", 0), config
			start(server)
			t.Cleanup(server.Close)
			return server.Listener.Addr().String()
		}
	}
	for name, test := range map[string]struct {
		start func(*testing.T) (host string)
		want  error
	}{
		"certificate": {serve((*httptest.Server).StartTLS, nil), errortracking.ErrCertificateNotTrusted},
		"plain HTTP":  {serve((*httptest.Server).Start, nil), errortracking.ErrNoTLS},
		"old TLS": {
			serve((*httptest.Server).StartTLS, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}),
			errortracking.ErrTLS,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := mustParseDSN(t, "https://"+dsnKey+"@"+test.start(t)+dsnPath+"/1")
			sendFails(t.Context(), t, dsn, collector.ErrTLS, test.want)
		})
	}
}

func TestSend_silent(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	dsn := mustParseDSN(t, strings.Replace(server.URL, "://", "://"+dsnKey+"@", 1)+dsnPath+"/1")
	late, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if cause := sendFails(late, t, dsn, collector.ErrUnreachable); !strings.Contains(cause, "no response in") {
		t.Errorf("the cause is %q", cause)
	}
	stopped, stop := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, stop)
	sendFails(stopped, t, dsn, collector.ErrInterrupted)
}
