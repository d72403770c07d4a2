package errortracking_test

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

const (
	token       = "glpat-maintainer-token"
	headerValue = "secret-of-the-proxy"
	userAgent   = "terraform-provider-gitlab/test"
)

// project is acme/web, the one project of most tests.
const project = 1

// startGitLab serves a scenario until the test ends. Projects and tokens that it does not name are project and token.
func startGitLab(t *testing.T, s gitlabsim.Scenario) *gitlabsim.Server {
	t.Helper()
	if s.Projects == nil {
		s.Projects = []gitlabsim.Project{{ID: project, Path: "acme/web"}}
	}
	if s.Tokens == nil {
		s.Tokens = []gitlabsim.Token{{Token: token, Roles: map[string]string{"*": "maintainer"}}}
	}
	server, err := gitlabsim.Start(s, gitlabsim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

// newClient makes a client that does not wait between repetitions. The changes are made to its options in order.
func newClient(t *testing.T, baseURL string, changes ...func(*errortracking.Options)) *errortracking.Client {
	t.Helper()
	o := errortracking.Options{
		Token:     token,
		BaseURL:   baseURL,
		Headers:   map[string]string{"X-Proxy-Secret": headerValue},
		UserAgent: userAgent,
		Pause:     func(time.Duration) time.Duration { return 0 },
	}
	for _, change := range changes {
		change(&o)
	}
	client, err := errortracking.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// retries sets how often requests are repeated.
func retries(n int64) func(*errortracking.Options) {
	return func(o *errortracking.Options) { o.Retries = &n }
}

// waits records the pauses before repetitions.
type waits struct {
	mu   sync.Mutex
	list []time.Duration
}

// recorded makes a client record its pauses instead of waiting.
func (w *waits) recorded(o *errortracking.Options) {
	o.Pause = func(wait time.Duration) time.Duration {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.list = append(w.list, wait)
		return 0
	}
}

func (w *waits) all() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.list)
}

// wireRequest is a request as a server of startServer saw it.
type wireRequest struct {
	method, uri, body string
	header            http.Header
}

// wireServer answers with a handler of the test's own what gitlabsim has no words for.
type wireServer struct {
	*httptest.Server
	mu       sync.Mutex
	requests []wireRequest
}

// newWireServer returns a server that is not started yet.
func newWireServer(t *testing.T, answer http.HandlerFunc) *wireServer {
	t.Helper()
	s := &wireServer{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading the request: %v", err)
		}
		s.mu.Lock()
		s.requests = append(s.requests, wireRequest{r.Method, r.RequestURI, string(body), r.Header.Clone()})
		s.mu.Unlock()
		answer(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(s.Close)
	return s
}

func startServer(t *testing.T, answer http.HandlerFunc) *wireServer {
	t.Helper()
	s := newWireServer(t, answer)
	s.Start()
	return s
}

func (s *wireServer) seen() []wireRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// answering returns a handler that gives one answer to everything.
func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// lines are the requests of a simulator as "METHOD path?query".
func lines(server *gitlabsim.Server) []string {
	var list []string
	for _, r := range server.Requests() {
		line := r.Method + " " + r.Path
		if r.Query != "" {
			line += "?" + r.Query
		}
		list = append(list, line)
	}
	return list
}

func wantLines(t *testing.T, server *gitlabsim.Server, want ...string) {
	t.Helper()
	if got := lines(server); !slices.Equal(got, want) {
		t.Errorf("requests:\n got %q\nwant %q", got, want)
	}
}

// wantError checks the kind of an error, and that neither its text nor its parts give a secret away.
func wantError(t *testing.T, err, kind error) errortracking.Error {
	t.Helper()
	failed, ok := errors.AsType[*errortracking.Error](err)
	if !ok {
		t.Fatalf("got error %v, want one of the type *Error", err)
	}
	for _, known := range kinds {
		if is := errors.Is(err, known); is != errors.Is(kind, known) {
			t.Errorf("errors.Is(%q, %q) is %t", err, known, is)
		}
	}
	for _, secret := range []string{token, headerValue} {
		if strings.Contains(err.Error()+failed.Message+failed.Location, secret) {
			t.Errorf("the error gives away %q: %v", secret, err)
		}
	}
	return *failed
}

// kinds are all meanings that the error of one request can have.
var kinds = []error{
	errortracking.ErrUnauthorized, errortracking.ErrTokenExpired, errortracking.ErrTokenRevoked,
	errortracking.ErrInsufficientScope, errortracking.ErrForbidden, errortracking.ErrProjectNotFound,
	errortracking.ErrSettingsNotFound, errortracking.ErrFeatureDisabled, errortracking.ErrClientKeyNotFound,
	errortracking.ErrNoSuchEndpoint, errortracking.ErrProjectMoved, errortracking.ErrRedirected,
	errortracking.ErrRejected, errortracking.ErrBadRequest, errortracking.ErrNotJSON, errortracking.ErrMalformed,
	errortracking.ErrRateLimited, errortracking.ErrServer, errortracking.ErrConnection,
	errortracking.ErrMissingPermission, errortracking.ErrRefused,
	errortracking.ErrIncompleteList, errortracking.ErrUnexpected,
}
