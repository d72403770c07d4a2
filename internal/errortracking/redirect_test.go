package errortracking_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// redirecting sends every first request on and answers below /there/.
func redirecting(status int, target string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/there/") {
			answering(http.StatusOK, `{"id":1}`)(w, r)
			return
		}
		w.Header().Set("Location", target)
		w.WriteHeader(status)
	}
}

func TestRedirectsWithinGitLab(t *testing.T) {
	t.Parallel()

	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, target := range map[string]func(*url.URL) string{
			"path": func(*url.URL) string { return "/there/" },
			"URL":  func(u *url.URL) string { return u.String() + "/there/" },
			"URL in capitals": func(u *url.URL) string {
				return strings.ToUpper(u.Scheme) + "://" + u.Host + "/there/"
			},
		} {
			var to string
			server := startServer(t, func(w http.ResponseWriter, r *http.Request) { redirecting(status, to)(w, r) })
			u, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			to = target(u)
			if err := newClient(t, server.URL).CheckToken(t.Context()); err != nil {
				t.Errorf("%d to a %s: %v", status, name, err)
			}
			seen := server.seen()
			if len(seen) != 2 || seen[1].header.Get("Authorization") != "Bearer "+token || seen[1].header.Get("X-Proxy-Secret") != headerValue {
				t.Errorf("%d to a %s: got %+v, want two requests, both with token and custom header", status, name, seen)
			}
		}
	}
}

// TestRedirectsElsewhere shows that the token stays with the base URL's scheme, host and port.
func TestRedirectsElsewhere(t *testing.T) {
	t.Parallel()

	other := startServer(t, answering(http.StatusOK, `{"id":1}`))
	for name, target := range map[string]func(base string) string{
		"other port": func(string) string { return other.URL + "/there/" },
		"other host": func(string) string { return strings.Replace(other.URL, "127.0.0.1", "localhost", 1) + "/there/" },
		"same port of another host": func(base string) string {
			return strings.Replace(base, "127.0.0.1", "localhost", 1) + "/there/"
		},
		"other scheme": func(base string) string { return strings.Replace(base, "http:", "https:", 1) + "/there/" },
		"no port":      func(string) string { return "http://127.0.0.1/there/" },
		"no HTTP":      func(string) string { return "ftp://127.0.0.1/there/" },
	} {
		for _, status := range []int{301, 302, 307, 308} {
			var to string
			server := startServer(t, func(w http.ResponseWriter, r *http.Request) { redirecting(status, to)(w, r) })
			to = target(server.URL)
			failed := wantError(t, newClient(t, server.URL).CheckToken(t.Context()), errortracking.ErrRedirected)
			if failed.Location != to || failed.Status != status || failed.Attempts != 1 || len(server.seen()) != 1 {
				t.Errorf("%s, %d: got %+v after %d requests, want one and the location %s", name, status, failed, len(server.seen()), to)
			}
		}
	}
	if seen := other.seen(); len(seen) != 0 {
		t.Errorf("the other server got %+v", seen)
	}
}

// TestRedirectFromHTTPS shows that the token does not go from HTTPS to HTTP.
func TestRedirectFromHTTPS(t *testing.T) {
	t.Parallel()

	plain := startServer(t, answering(http.StatusOK, `{"id":1}`))
	server := newWireServer(t, redirecting(http.StatusFound, plain.URL+"/there/"))
	server.StartTLS()
	client := newClient(t, server.URL, func(o *errortracking.Options) { o.Insecure = true })
	wantError(t, client.CheckToken(t.Context()), errortracking.ErrRedirected)
	if seen := plain.seen(); len(seen) != 0 {
		t.Errorf("the server without TLS got %+v", seen)
	}
}

// TestRedirectToHTTPSIsNoMove shows that a base URL with http:// where https:// is right is told from a moved project.
func TestRedirectToHTTPSIsNoMove(t *testing.T) {
	t.Parallel()

	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+r.Host+r.RequestURI, http.StatusMovedPermanently)
	})
	failed := wantError(t, readSettings(t.Context(), newClient(t, server.URL)), errortracking.ErrRedirected)
	if want := strings.Replace(server.URL, "http:", "https:", 1) + "/api/v4/projects/1/error_tracking/settings"; failed.Location != want {
		t.Errorf("got the location %s, want %s", failed.Location, want)
	}
}

func TestWritesAreNotRedirected(t *testing.T) {
	t.Parallel()

	for name, write := range map[string]func(context.Context, *errortracking.Client) error{
		"PUT": putSettings, "PATCH": patchSettings, "POST": createKey, "DELETE": deleteKey,
	} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			server := startServer(t, redirecting(status, "/there/"))
			failed := wantError(t, write(t.Context(), newClient(t, server.URL)), errortracking.ErrRedirected)
			if failed.Location != "/there/" || failed.Sent || len(server.seen()) != 1 {
				t.Errorf("%s, %d: got %+v after %d requests, want one", name, status, failed, len(server.seen()))
			}
		}
	}
}

func TestRedirectLoop(t *testing.T) {
	t.Parallel()

	server := startServer(t, redirecting(http.StatusFound, "/here/"))
	failed := wantError(t, newClient(t, server.URL).CheckToken(t.Context()), errortracking.ErrRedirected)
	if got := len(server.seen()); got != 6 || failed.Attempts != 1 {
		t.Errorf("got %d requests in %d attempts, want 6 in one", got, failed.Attempts)
	}
}

func TestMovedProject(t *testing.T) {
	t.Parallel()

	for name, external := range map[string]string{"same host": "", "other host": "https://gitlab.example.com"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startGitLab(t, gitlabsim.Scenario{
				ExternalURL: external,
				Projects:    []gitlabsim.Project{{ID: 3, Path: "acme/new", OldPaths: []string{"acme/old"}}},
			})
			// What is masked in messages, here parts of the Location, is not masked before it is read.
			headers := func(o *errortracking.Options) { o.Headers = map[string]string{"X-Scheme": "http", "X-Version": "3"} }
			id, err := newClient(t, server.URL(), headers).ResolveProject(t.Context(), "acme/old")
			if err != nil || id != 3 {
				t.Errorf("got %d and error %v, want 3", id, err)
			}
			wantLines(t, server, "GET /api/v4/projects/acme%2Fold", "GET /api/v4/projects/3")
		})
	}
}
