package errortracking_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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

// wantError checks that an error is of these kinds and no other, that it has a host, and that neither its text nor its parts
// give a secret away.
func wantError(t *testing.T, err error, want ...error) errortracking.Error {
	t.Helper()
	failed, ok := errors.AsType[*errortracking.Error](err)
	if !ok {
		t.Fatalf("got error %v, want one of the type *Error", err)
	}
	for _, known := range slices.Concat(kinds, furtherKinds) {
		if is := errors.Is(err, known); is != errors.Is(errors.Join(want...), known) {
			t.Errorf("errors.Is(%q, %q) is %t", err, known, is)
		}
	}
	if failed.Host == "" {
		t.Errorf("the error names no host: %v", err)
	}
	for _, secret := range []string{token, headerValue} {
		if strings.Contains(err.Error()+failed.Message+failed.Location, secret) {
			t.Errorf("the error gives away %q: %v", secret, err)
		}
	}
	return *failed
}

// kinds are all meanings that the answer to one request can have.
var kinds = []error{
	errortracking.ErrUnauthorized, errortracking.ErrTokenExpired, errortracking.ErrTokenRevoked,
	errortracking.ErrInsufficientScope, errortracking.ErrForbidden, errortracking.ErrProjectNotFound,
	errortracking.ErrSettingsNotFound, errortracking.ErrFeatureDisabled, errortracking.ErrClientKeyNotFound,
	errortracking.ErrNoSuchEndpoint, errortracking.ErrFeatureRemoved, errortracking.ErrProjectMoved, errortracking.ErrRedirected,
	errortracking.ErrRejected, errortracking.ErrNoSentry, errortracking.ErrSentryBlocked, errortracking.ErrBadRequest, errortracking.ErrNotJSON,
	errortracking.ErrNoAPI, errortracking.ErrMalformed,
	errortracking.ErrRateLimited, errortracking.ErrServer, errortracking.ErrConnection,
	errortracking.ErrMissingPermission, errortracking.ErrRefused,
	errortracking.ErrClientKeysFailed, errortracking.ErrIncompleteList, errortracking.ErrUnexpected,
}

// furtherKinds are those that need more than one answer, or none.
var furtherKinds = []error{
	errortracking.ErrGroupNotFound, errortracking.ErrNotApplied, errortracking.ErrSettingsInUse, errortracking.ErrInterrupted,
	errortracking.ErrLostAnswer, errortracking.ErrHostNotFound, errortracking.ErrUnreachable, errortracking.ErrTimeout,
	errortracking.ErrProxyUnreachable, errortracking.ErrProxyUnauthorized, errortracking.ErrProxyRefused, errortracking.ErrTLS,
	errortracking.ErrNoTLS, errortracking.ErrTLSRequired, errortracking.ErrCertificateNotTrusted, errortracking.ErrCertificateExpired,
	errortracking.ErrCertificateOfOtherHost, errortracking.ErrClientCertificate,
}

// Requests that fail in the tests of errors.
type request = func(context.Context, *errortracking.Client) error

func readSettings(ctx context.Context, c *errortracking.Client) error {
	_, err := c.Settings(ctx, project)
	return err
}

func putSettings(ctx context.Context, c *errortracking.Client) error {
	_, err := c.PutSettings(ctx, project, true, true)
	return err
}

func patchSettings(ctx context.Context, c *errortracking.Client) error {
	_, err := c.PatchSettings(ctx, project, true, new(false))
	return err
}

func listKeys(ctx context.Context, c *errortracking.Client) error {
	_, err := c.SharedClientKeys(ctx, project)
	return err
}

func createKey(ctx context.Context, c *errortracking.Client) error {
	key, err := c.PostClientKey(ctx, project)
	if err != nil && key != (errortracking.ClientKey{}) {
		return errors.New("a key came with the error")
	}
	return err
}

func deleteKey(ctx context.Context, c *errortracking.Client) error {
	return c.RequestDeletion(ctx, project, 99)
}

func findProject(ctx context.Context, c *errortracking.Client) error {
	_, err := c.Project(ctx, "acme/none")
	return err
}

func checkToken(ctx context.Context, c *errortracking.Client) error { return c.CheckToken(ctx) }

// fault makes every request be answered so.
func fault(status int, body string) []gitlabsim.Fault {
	return []gitlabsim.Fault{{Path: "/*", Status: status, Body: body}}
}

// GET /user takes no fine-grained tokens, which GitLab says only of those that it knows.
func TestClient_CheckToken_fineGrained(t *testing.T) {
	t.Parallel()

	fineGrained := gitlabsim.Token{Token: token, Permissions: []string{"read_project"}}
	server := startGitLab(t, gitlabsim.Scenario{Tokens: []gitlabsim.Token{fineGrained}})
	if err := newClient(t, server.URL()).CheckToken(t.Context()); err != nil {
		t.Error(err)
	}
	fineGrained.State = "expired"
	server = startGitLab(t, gitlabsim.Scenario{Tokens: []gitlabsim.Token{fineGrained}})
	wantError(t, newClient(t, server.URL()).CheckToken(t.Context()), errortracking.ErrTokenExpired)
}

// TestLinkHeader shows that a malformed Link header does no harm.
func TestLinkHeader(t *testing.T) {
	t.Parallel()

	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "<https://example.com>; crossorigin; rel=preconnect")
		answering(http.StatusOK, `{"id":1}`)(w, r)
	})
	if err := newClient(t, server.URL).CheckToken(t.Context()); err != nil {
		t.Error(err)
	}
}

// writesTo lists the methods of the requests that are no GET.
func writesTo(server *gitlabsim.Server) string {
	var methods []string
	for _, r := range server.Requests() {
		if r.Method != http.MethodGet {
			methods = append(methods, r.Method)
		}
	}
	return strings.Join(methods, ", ")
}

func serverKeys(server *gitlabsim.Server) []int64 {
	var ids []int64
	for _, key := range server.Keys(project) {
		ids = append(ids, key.ID)
	}
	return ids
}

// proxy stands before a GitLab. It hands on each request for which before returns true.
func proxy(t *testing.T, target string, before func(http.ResponseWriter, *http.Request) bool) (address string) {
	t.Helper()
	return proxyAround(t, target, func(w http.ResponseWriter, r *http.Request, handOn http.Handler) {
		if before(w, r) {
			handOn.ServeHTTP(w, r)
		}
	})
}

// proxyAround stands before a GitLab. Each request is given to around, which may hand it on.
func proxyAround(t *testing.T, target string, around func(http.ResponseWriter, *http.Request, http.Handler)) (address string) {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	hop := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		around(w, r, hop)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func ids(keys []errortracking.ClientKey) []int64 {
	var list []int64
	for _, key := range keys {
		list = append(list, key.ID)
	}
	return list
}

// count returns the numbers from first to last.
func count(first, last int) []int64 {
	var list []int64
	for n := first; n <= last; n++ {
		list = append(list, int64(n))
	}
	return list
}

// TestRequests shows each call as it goes over the wire.
func TestRequests(t *testing.T) {
	t.Parallel()

	const (
		settings = `{"active":true,"project_name":null,"sentry_external_url":null,"api_url":null,"integrated":true}`
		key      = `{"id":7,"active":true,"public_key":"glet_0","sentry_dsn":"https://glet_0@observe.gitlab.com:443/errortracking/api/v1/projects/42"}`
	)
	tests := map[string]struct {
		call   func(context.Context, *errortracking.Client) error
		answer string
		status int
		want   wireRequest
	}{
		"read settings": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.Settings(ctx, 42)
				return err
			}, settings, http.StatusOK,
			wireRequest{method: "GET", uri: "/api/v4/projects/42/error_tracking/settings"},
		},
		"create settings": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.PutSettings(ctx, 42, true, true)
				return err
			}, settings, http.StatusOK,
			wireRequest{method: "PUT", uri: "/api/v4/projects/42/error_tracking/settings", body: `{"active":true,"integrated":true}`},
		},
		"update settings": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.PatchSettings(ctx, 42, false, new(true))
				return err
			}, strings.Replace(settings, "true", "false", 1), http.StatusOK,
			wireRequest{method: "PATCH", uri: "/api/v4/projects/42/error_tracking/settings", body: `{"active":false,"integrated":true}`},
		},
		"update settings, backend as it is": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.PatchSettings(ctx, 42, false, nil)
				return err
			}, strings.Replace(settings, "true", "false", 1), http.StatusOK,
			wireRequest{method: "PATCH", uri: "/api/v4/projects/42/error_tracking/settings", body: `{"active":false}`},
		},
		"list keys": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.SharedClientKeys(ctx, 42)
				return err
			}, "[" + key + "]", http.StatusOK,
			wireRequest{method: "GET", uri: "/api/v4/projects/42/error_tracking/client_keys?page=1&per_page=100"},
		},
		"create key": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.PostClientKey(ctx, 42)
				return err
			}, key, http.StatusCreated,
			wireRequest{method: "POST", uri: "/api/v4/projects/42/error_tracking/client_keys"},
		},
		"delete key": {
			func(ctx context.Context, c *errortracking.Client) error { return c.DeleteClientKey(ctx, 42, 7) },
			key, http.StatusOK,
			wireRequest{method: "DELETE", uri: "/api/v4/projects/42/error_tracking/client_keys/7"},
		},
		"resolve project": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.ResolveProject(ctx, "acme/sub.group/web")
				return err
			}, `{"id":42,"path_with_namespace":"acme/sub.group/web"}`, http.StatusOK,
			wireRequest{method: "GET", uri: "/api/v4/projects/acme%2Fsub.group%2Fweb"},
		},
		"group projects": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.GroupProjects(ctx, "acme/sub.group", true)
				return err
			}, `[{"id":42,"path_with_namespace":"acme/sub.group/web"}]`, http.StatusOK,
			wireRequest{method: "GET", uri: "/api/v4/groups/acme%2Fsub.group/projects?include_subgroups=true&order_by=id&page=1&per_page=100&simple=true&sort=asc&with_shared=false"},
		},
		"check token": {
			func(ctx context.Context, c *errortracking.Client) error { return c.CheckToken(ctx) },
			`{"id":5}`, http.StatusOK,
			wireRequest{method: "GET", uri: "/api/v4/user"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startServer(t, answering(tt.status, tt.answer))
			if err := tt.call(t.Context(), newClient(t, server.URL)); err != nil {
				t.Fatal(err)
			}
			seen := server.seen()
			if len(seen) != 1 || seen[0].method != tt.want.method || seen[0].uri != tt.want.uri || seen[0].body != tt.want.body {
				t.Fatalf("got %+v, want one request %+v", seen, tt.want)
			}
			if kind := seen[0].header.Get("Content-Type"); tt.want.body != "" && kind != "application/json" {
				t.Errorf("the body has the type %q", kind)
			}
		})
	}
}

// postsTo counts the requests that create a client key in a simulator.
func postsTo(server *gitlabsim.Server) int {
	n := 0
	for _, r := range server.Requests() {
		if r.Method == http.MethodPost {
			n++
		}
	}
	return n
}

// faultyCalls are the calls of a client, each with the request that a fault meets. acme/web has key 7 and, for the calls that
// begin with them, settings that are off.
var faultyCalls = map[string]struct {
	method, path string
	settings     bool // GitLab has some
	call         request
	leaves       string // what GitLab has when the call has ended well
}{
	"create settings": {http.MethodPut, "/projects/1/error_tracking/settings", false, saveActive, "settings on, keys 7"},
	"read settings":   {http.MethodGet, "/projects/1/error_tracking/settings", true, readSettings, "settings off, keys 7"},
	"update settings": {http.MethodPatch, "/projects/1/error_tracking/settings", true, saveActive, "settings on, keys 7"},
	"reset settings": {http.MethodPatch, "/projects/1/error_tracking/settings", true, func(ctx context.Context, c *errortracking.Client) error {
		_, err := c.ResetSettings(ctx, project, new(true), nil)
		return err
	}, "settings on, keys 7"},
	"add key": {http.MethodPost, "/projects/1/error_tracking/client_keys", false, func(ctx context.Context, c *errortracking.Client) error {
		_, err := c.AddClientKey(ctx, project)
		return err
	}, "no settings, keys 7 8"},
	"read key": {http.MethodGet, "/projects/1/error_tracking/client_keys", false, func(ctx context.Context, c *errortracking.Client) error {
		_, err := c.ClientKey(ctx, project, 7)
		return err
	}, "no settings, keys 7"},
	"delete key": {http.MethodDelete, "/projects/1/error_tracking/client_keys/7", false, func(ctx context.Context, c *errortracking.Client) error {
		return c.DeleteClientKey(ctx, project, 7)
	}, "no settings, keys"},
	"find project": {http.MethodGet, "/projects/acme%2Fweb", false, func(ctx context.Context, c *errortracking.Client) error {
		_, err := c.ResolveProject(ctx, "acme/web")
		return err
	}, "no settings, keys 7"},
}

func saveActive(ctx context.Context, c *errortracking.Client) error {
	_, err := c.SaveSettings(ctx, project, errortracking.WantedSettings{Active: true})
	return err
}

// faultEnds is how the calls end that meet a fault: nil for well. A fault without Times stays for the one repetition that
// the client makes.
type faultEnds struct {
	fault                       gitlabsim.Fault
	create, read, update, reset error // of settings
	add, readKey, deleteKey     error // of client keys
	find                        error // of the project
}

func (e faultEnds) of(call string) error {
	return map[string]error{
		"create settings": e.create, "read settings": e.read, "update settings": e.update, "reset settings": e.reset,
		"add key": e.add, "read key": e.readKey, "delete key": e.deleteKey, "find project": e.find,
	}[call]
}

// allEnd returns the ends of a fault with which all calls end in one way.
func allEnd(f gitlabsim.Fault, err error) faultEnds {
	return faultEnds{f, err, err, err, err, err, err, err, err}
}

// change returns ends with some that differ.
func (e faultEnds) change(change func(*faultEnds)) faultEnds {
	change(&e)
	return e
}

func faultTable() map[string]faultEnds {
	lost := func(e *faultEnds) { e.add = errortracking.ErrLostAnswer }
	done := func(e *faultEnds) { // the work is done, and seen afterwards
		e.create, e.update, e.reset, e.add, e.deleteKey = nil, nil, nil, nil, nil
	}
	keys500 := func(e *faultEnds) {
		e.readKey, e.deleteKey = errortracking.ErrClientKeysFailed, errortracking.ErrClientKeysFailed
	}
	redirect := func(to string) gitlabsim.Fault {
		return gitlabsim.Fault{Status: 301, Headers: map[string]string{"Location": to}}
	}
	body := func(status int, body string) gitlabsim.Fault { return gitlabsim.Fault{Status: status, Body: body} }
	truncated := gitlabsim.Fault{Status: 200, Body: `{"id":1,"active":tr`, ContentType: "application/json", After: true}
	return map[string]faultEnds{
		"429 once":              allEnd(gitlabsim.Fault{Status: 429, Times: 1}, nil),
		"429 for ever":          allEnd(gitlabsim.Fault{Status: 429}, errortracking.ErrRateLimited),
		"500 before once":       allEnd(gitlabsim.Fault{Status: 500, Times: 1}, nil).change(lost),
		"500 before for ever":   allEnd(gitlabsim.Fault{Status: 500}, errortracking.ErrServer).change(lost).change(keys500),
		"500 after once":        allEnd(gitlabsim.Fault{Status: 500, After: true, Times: 1}, nil),
		"500 after for ever":    allEnd(gitlabsim.Fault{Status: 500, After: true}, errortracking.ErrServer).change(keys500).change(done),
		"502 after once":        allEnd(gitlabsim.Fault{Status: 502, After: true, Times: 1}, nil),
		"503 for ever":          allEnd(gitlabsim.Fault{Status: 503}, errortracking.ErrServer).change(lost),
		"reset before once":     allEnd(gitlabsim.Fault{Drop: true, Times: 1}, nil).change(lost),
		"reset before for ever": allEnd(gitlabsim.Fault{Drop: true}, errortracking.ErrConnection).change(lost),
		"reset after once":      allEnd(gitlabsim.Fault{Drop: true, After: true, Times: 1}, nil),
		"reset after for ever":  allEnd(gitlabsim.Fault{Drop: true, After: true}, errortracking.ErrConnection).change(done),
		"timeout before once":   allEnd(gitlabsim.Fault{Hang: true, Times: 1}, nil).change(lost),
		"timeout after once":    allEnd(gitlabsim.Fault{Hang: true, After: true, Times: 1}, nil),
		"timeout for ever":      allEnd(gitlabsim.Fault{Hang: true}, errortracking.ErrConnection).change(lost),
		"truncated JSON":        allEnd(truncated, errortracking.ErrMalformed).change(done),
		"HTML 200":              allEnd(gitlabsim.Fault{Status: 200, Body: "<html>", ContentType: "text/html"}, errortracking.ErrNotJSON).change(lost),
		"401":                   allEnd(body(401, `{"message":"401 Unauthorized"}`), errortracking.ErrUnauthorized),
		"403":                   allEnd(body(403, `{"message":"403 Forbidden"}`), errortracking.ErrForbidden),
		"404 project":           allEnd(body(404, `{"message":"404 Project Not Found"}`), errortracking.ErrProjectNotFound),
		"404 settings": allEnd(body(404, `{"message":"404 Error Tracking Setting Not Found"}`), errortracking.ErrSettingsNotFound).
			change(func(e *faultEnds) { e.reset = nil }),
		"404 of a fine-grained token, or the flag": allEnd(body(404, `{"message":"404 Not Found"}`), errortracking.ErrProjectNotFound).
			change(func(e *faultEnds) { e.create = errortracking.ErrFeatureDisabled }),
		"404 key": allEnd(body(404, `{"message":"404 Not found"}`), errortracking.ErrUnexpected).
			change(func(e *faultEnds) { e.deleteKey = nil }),
		"404 route": allEnd(body(404, `{"error":"404 Not Found"}`), errortracking.ErrFeatureRemoved).
			change(func(e *faultEnds) { e.find = errortracking.ErrNoSuchEndpoint }),
		"405 moved":      allEnd(body(405, `{"message":"Non GET methods are not allowed for moved projects"}`), errortracking.ErrProjectMoved),
		"301 same host":  allEnd(redirect("same"), errortracking.ErrRedirected).change(func(e *faultEnds) { e.find = nil }),
		"301 other host": allEnd(redirect("http://127.0.0.1:1"), errortracking.ErrRedirected).change(func(e *faultEnds) { e.find = nil }),
	}
}

// Each call meets each fault in its own request. It ends as the table says; GitLab has what the call leaves when it ends
// well, and what it had before when it ends with an error, except after an answer that only pretends to be a refusal.
// Without the fault it ends well.
func TestFaults(t *testing.T) {
	t.Parallel()
	for faultName, ends := range faultTable() {
		for callName, test := range faultyCalls {
			t.Run(faultName+", "+callName, func(t *testing.T) {
				t.Parallel()
				row := gitlabsim.Project{ID: project, Path: "acme/web", ClientKeys: gitlabsim.ClientKeys{{ID: 7}}}
				if test.settings {
					row.Settings = &gitlabsim.Settings{Integrated: true}
				}
				server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{row}})
				before := rowsOf(server)
				fault := ends.fault
				fault.Method, fault.Path = test.method, test.path
				if to, ok := fault.Headers["Location"]; ok {
					path := "/api/v4" + strings.Replace(test.path, "acme%2Fweb", "1", 1)
					fault.Headers = map[string]string{"Location": strings.Replace(to, "same", server.URL(), 1) + path}
				}
				server.AddFault(fault)
				client := newClient(t, server.URL(), retries(1), func(o *errortracking.Options) {
					if fault.Hang {
						o.Timeout = 500 * time.Millisecond
					}
				})
				err := test.call(t.Context(), client)
				want := ends.of(callName)
				if want == nil && err != nil || want != nil && !errors.Is(err, want) {
					t.Fatalf("got error %v, want %v", err, want)
				}
				rows := test.leaves
				if want != nil || faultName == "404 settings" || faultName == "404 key" {
					rows = before
				}
				if got := rowsOf(server); got != rows {
					t.Errorf("GitLab has %s, want %s", got, rows)
				}
				if want == nil || callName == "add key" {
					return
				}
				server.ClearFaults()
				if callName == "read key" || callName == "find project" { // whose failures are kept until the run ends
					client = newClient(t, server.URL())
				}
				if err := test.call(t.Context(), client); err != nil {
					t.Errorf("without the fault: %v", err)
				}
				if got := rowsOf(server); got != test.leaves {
					t.Errorf("without the fault GitLab has %s, want %s", got, test.leaves)
				}
			})
		}
	}
}

// rowsOf is what GitLab has in acme/web.
func rowsOf(server *gitlabsim.Server) string {
	text := "no settings"
	if row, ok := server.Settings(project); ok {
		text = map[bool]string{true: "settings on", false: "settings off"}[row.Active]
	}
	text += ", keys"
	for _, id := range serverKeys(server) {
		text += " " + strconv.FormatInt(id, 10)
	}
	return text
}

// Writes in one project go one at a time, those in several together.
func TestWritesOneAtATime(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{
		{ID: 1, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(3)}, {ID: 2, Path: "acme/api"},
	}})
	var underway [3]atomic.Int64
	var first [3]sync.Once
	var met sync.WaitGroup
	met.Add(2)
	both := make(chan struct{})
	go func() {
		met.Wait()
		close(both)
	}()
	client := newClient(t, proxyAround(t, server.URL(), func(w http.ResponseWriter, r *http.Request, handOn http.Handler) {
		id := 1
		if strings.Contains(r.URL.Path, "/projects/2/") {
			id = 2
		}
		if underway[id].Add(1) > 1 {
			t.Errorf("two requests in project %d at once", id)
		}
		defer underway[id].Add(-1)
		if r.Method != http.MethodGet {
			// The first write in each project waits until there is one in the other.
			first[id].Do(func() {
				met.Done()
				select {
				case <-both:
				case <-time.After(time.Minute):
					t.Errorf("a write in project %d keeps the other project from writing", id)
				}
			})
		}
		handOn.ServeHTTP(w, r)
	}))
	var writes sync.WaitGroup
	write := func(do func() error) {
		writes.Go(func() {
			if err := do(); err != nil {
				t.Error(err)
			}
		})
	}
	for _, id := range []int64{1, 2} {
		for range 5 {
			write(func() error {
				_, err := client.ResetSettings(t.Context(), id, new(false), nil)
				if errors.Is(err, errortracking.ErrSettingsInUse) {
					return nil
				}
				return err
			})
			write(func() error {
				_, err := client.AddClientKey(t.Context(), id)
				return err
			})
			write(func() error {
				_, err := client.SaveSettings(t.Context(), id, errortracking.WantedSettings{Active: true})
				return err
			})
		}
	}
	for key := range int64(3) {
		write(func() error { return client.DeleteClientKey(t.Context(), 1, key+1) })
	}
	writes.Wait()
}

// A write that waits for another one in the project is not begun when its context ends.
func TestWaitingWriteIsNotBegun(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]request{
		"add": func(ctx context.Context, c *errortracking.Client) error {
			_, err := c.AddClientKey(ctx, project)
			return err
		},
		"delete": func(ctx context.Context, c *errortracking.Client) error { return c.DeleteClientKey(ctx, project, 99) },
		"save": func(ctx context.Context, c *errortracking.Client) error {
			_, err := c.SaveSettings(ctx, project, errortracking.WantedSettings{})
			return err
		},
		"reset": func(ctx context.Context, c *errortracking.Client) error {
			_, err := c.ResetSettings(ctx, project, new(false), nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{
				{ID: project, Path: "acme/web", Settings: &gitlabsim.Settings{Active: true}, ClientKeys: gitlabsim.MakeKeys(1)},
			}})
			client := newClient(t, server.URL())
			// What a write reads first is known.
			if _, err := client.SharedSettings(t.Context(), project); err != nil {
				t.Fatal(err)
			}
			if _, err := client.AddClientKey(t.Context(), project); err != nil {
				t.Fatal(err)
			}
			before := len(server.Requests())
			release := client.Hold(project)
			ctx, cancel := context.WithCancel(t.Context())
			const writers = 5
			done := make(chan error, writers)
			for range writers {
				go func() { done <- write(ctx, client) }()
			}
			cancel()
			release()
			for range writers {
				if failed := wantError(t, <-done, errortracking.ErrInterrupted); failed.Sent || failed.Attempts != 0 || failed.Method != "" || !errors.Is(&failed, context.Canceled) {
					t.Errorf("got %+v, want that nothing was sent", failed)
				}
			}
			if n := len(server.Requests()); n != before {
				t.Errorf("%d requests were sent", n-before)
			}
			client.Hold(project)() // The project is free again.
		})
	}
}
