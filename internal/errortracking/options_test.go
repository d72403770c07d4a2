package errortracking_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// TestOverlappingSecrets shows that a secret which another one begins with leaves nothing of that behind.
func TestOverlappingSecrets(t *testing.T) {
	t.Parallel()

	server := startServer(t, answering(http.StatusBadRequest, `{"message":"abcdefgh abcdefghijk abcdefghi abc"}`))
	client := newClient(t, server.URL, func(o *errortracking.Options) {
		o.Headers = map[string]string{"X-A": "abcdefgh", "X-B": "abcdefghijk", "X-C": "", "X-D": "abc"}
		o.Token = "abcdefghi"
	})
	failed := wantError(t, client.CheckToken(t.Context()), errortracking.ErrBadRequest)
	if want := "(value of header X-A) (value of header X-B) (token) abc"; failed.Message != want {
		t.Errorf("got %q, want %q", failed.Message, want)
	}
}

func TestNewRefusesOptions(t *testing.T) {
	t.Parallel()

	noPEM := filepath.Join(t.TempDir(), "no.pem")
	if err := os.WriteFile(noPEM, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "missing.pem")
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	certificate, _ := certificateFiles(t, server.TLS.Certificates[0])
	const hunterPEM = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n"
	type options = errortracking.Options
	tests := map[string]struct {
		change  func(*options)
		option  string
		problem string
	}{
		"base URL with a password":      {func(o *options) { o.BaseURL = "https://user:hunter2@gitlab.example.com" }, "base_url", "user name or password"},
		"base URL with a user":          {func(o *options) { o.BaseURL = "https://hunter2@gitlab.example.com" }, "base_url", "user name or password"},
		"broken base URL with password": {func(o *options) { o.BaseURL = "https://user:hunter2@gitlab.example.com:port" }, "base_url", "not a URL"},
		"base URL with a query":         {func(o *options) { o.BaseURL = "https://gitlab.example.com?private_token=hunter2" }, "base_url", "query"},
		"base URL with an empty query":  {func(o *options) { o.BaseURL = "https://gitlab.example.com?" }, "base_url", "query"},
		"base URL with a fragment":      {func(o *options) { o.BaseURL = "https://gitlab.example.com#hunter2" }, "base_url", "fragment"},
		"base URL without scheme":       {func(o *options) { o.BaseURL = "gitlab.example.com" }, "base_url", "https://"},
		"base URL of another scheme":    {func(o *options) { o.BaseURL = "ssh://gitlab.example.com" }, "base_url", "https://"},
		"base URL without host":         {func(o *options) { o.BaseURL = "https:///gitlab" }, "base_url", "no host"},
		"base URL with a port alone":    {func(o *options) { o.BaseURL = "https://:8080" }, "base_url", "no host"},
		"base URL with a line break":    {func(o *options) { o.BaseURL = "https://gitlab.example.com\n" }, "base_url", "not a URL"},
		"no token":                      {func(o *options) { o.Token = "" }, "token", "empty"},
		"token with a line break":       {func(o *options) { o.Token = "hunter2\n" }, "token", "line break"},
		"token with a space":            {func(o *options) { o.Token = "hunter2 hunter2" }, "token", "a space"},
		"token with a byte order mark":  {func(o *options) { o.Token = "\ufeffhunter2" }, "token", "a byte order mark"},
		"token with a control":          {func(o *options) { o.Token = "hunter2\x00" }, "token", "an invisible character"},
		"authorization as a header":     {func(o *options) { o.Headers = map[string]string{"authorization": "hunter2"} }, "headers", "token argument"},
		"private token as a header":     {func(o *options) { o.Headers = map[string]string{"PRIVATE-TOKEN": "hunter2"} }, "headers", "token argument"},
		"job token as a header":         {func(o *options) { o.Headers = map[string]string{"Job-Token": "hunter2"} }, "headers", "token argument"},
		"idempotency key as a header":   {func(o *options) { o.Headers = map[string]string{"Idempotency-Key": "hunter2"} }, "headers", "set by the provider and cannot be overridden"},
		"user agent as a header":        {func(o *options) { o.Headers = map[string]string{"user-agent": "hunter2"} }, "headers", "set by the provider and cannot be overridden"},
		"one header twice":              {func(o *options) { o.Headers = map[string]string{"X-Team": "hunter2", "x-team": "hunter2"} }, "headers", "X-Team and x-team are one header"},
		"header name with a space":      {func(o *options) { o.Headers = map[string]string{"X Proxy": "hunter2"} }, "headers", `"X Proxy"`},
		"header without a name":         {func(o *options) { o.Headers = map[string]string{"": "hunter2"} }, "headers", `""`},
		"header value with line break":  {func(o *options) { o.Headers = map[string]string{"X-Proxy": "hunter2\r\nHost: x"} }, "headers", "line break"},
		"no file of authorities":        {func(o *options) { o.CACertFile = missing }, "cacert_file", "cannot be read: " + syscall.ENOENT.Error()},
		"no PEM in the authorities":     {func(o *options) { o.CACertFile = noPEM }, "cacert_file", "no PEM certificate"},
		"certificate without key":       {func(o *options) { o.ClientCert = noPEM }, "client_key", "missing"},
		"key without certificate":       {func(o *options) { o.ClientKey = noPEM }, "client_cert", "missing"},
		"contents of the authorities":   {func(o *options) { o.CACertFile = hunterPEM }, "cacert_file", "contents of a file"},
		"contents of the certificate":   {func(o *options) { o.ClientCert, o.ClientKey = hunterPEM, noPEM }, "client_cert", "contents of a file"},
		"contents of the key":           {func(o *options) { o.ClientCert, o.ClientKey = noPEM, hunterPEM }, "client_key", "contents of a file"},
		"contents of a key, not PEM":    {func(o *options) { o.ClientCert, o.ClientKey = noPEM, "hunter2\n" }, "client_key", "cannot be read"},
		"no PEM in the key":             {func(o *options) { o.ClientCert, o.ClientKey = certificate, noPEM }, "client_cert", "private key: failed to find any PEM data in key input"},
		"no PEM in the certificate":     {func(o *options) { o.ClientCert, o.ClientKey = noPEM, noPEM }, "client_cert", "PEM"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			o := options{Token: token, BaseURL: "https://gitlab.example.com"}
			tt.change(&o)
			client, err := errortracking.New(o)
			wrong, ok := errors.AsType[*errortracking.OptionError](err)
			if !ok || client != nil {
				t.Fatalf("got client %v and error %v, want an *OptionError alone", client, err)
			}
			if wrong.Option != tt.option || !strings.Contains(wrong.Problem, tt.problem) {
				t.Errorf("got option %q with the problem %q, want %q with %q in it", wrong.Option, wrong.Problem, tt.option, tt.problem)
			}
			if !strings.HasPrefix(err.Error(), tt.option+": ") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the message does not begin with the option, or repeats a secret: %v", err)
			}
		})
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()

	tests := map[string]struct{ external, suffix string }{
		"bare":                         {"", ""},
		"slash":                        {"", "/"},
		"API":                          {"", "/api/v4"},
		"API and slash":                {"", "/api/v4/"},
		"relative root":                {"http://gitlab.example.com/gitlab", "/gitlab"},
		"relative root, slash":         {"http://gitlab.example.com/gitlab", "/gitlab/"},
		"relative root, API and slash": {"http://gitlab.example.com/gitlab", "/gitlab/api/v4/"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startGitLab(t, gitlabsim.Scenario{ExternalURL: tt.external})
			client := newClient(t, server.URL()+tt.suffix)
			if err := client.CheckToken(t.Context()); err != nil {
				t.Fatal(err)
			}
			if found, err := client.ResolveProject(t.Context(), "acme/web"); err != nil || found.ID != project {
				t.Errorf("got %+v and error %v, want project %d", found, err, project)
			}
			root, _, _ := strings.Cut(strings.TrimSuffix(tt.suffix, "/"), "/api/v4")
			wantLines(t, server, "GET "+root+"/api/v4/user", "GET "+root+"/api/v4/projects/acme%2Fweb")
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{})
	client := newClient(t, server.URL(), func(o *errortracking.Options) {
		o.Headers = map[string]string{"X-Proxy-Secret": headerValue, "x-second": "2"}
	})
	if _, err := client.PostClientKey(t.Context(), project); err != nil {
		t.Fatal(err)
	}
	header := server.Requests()[0].Header
	for name, want := range map[string]string{
		"Authorization": "Bearer " + token, "User-Agent": userAgent, "X-Proxy-Secret": headerValue, "X-Second": "2",
	} {
		if got := header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("header %s: got %q, want %q", name, got, want)
		}
	}
	if got := header.Get("Private-Token"); got != "" {
		t.Errorf("the token is also in Private-Token: %q", got)
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
		if got, err := errortracking.ParseBaseURL(given); err != nil || got.String() != want {
			t.Errorf("%q: got %v and error %v, want %s", given, got, err, want)
		}
	}
}

// A short header value is not masked: it occurs by chance.
func TestShortHeaderValue(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{})
	client := newClient(t, server.URL(), func(o *errortracking.Options) { o.Headers = map[string]string{"X-One": "1", "X-Nothing": ""} })
	failed := wantError(t, deleteKey(t.Context(), client), errortracking.ErrClientKeyNotFound)
	if want := "/api/v4/projects/1/error_tracking/client_keys/99"; failed.Path != want || !strings.Contains(failed.Error(), "DELETE "+want+": 404") {
		t.Errorf("got the path %q in %v, want %q", failed.Path, &failed, want)
	}
}

// A secret that GitLab repeats in any kind of answer is in no error and in no log.
func TestSecretsInAnswers(t *testing.T) {
	t.Parallel()

	repeated := token + " " + headerValue
	for name, fault := range map[string]gitlabsim.Fault{
		"OAuth":         {Status: 401, Body: `{"error":"invalid_token","error_description":"revoked: ` + repeated + `"}`},
		"permission":    {Status: 403, Body: `{"error":"insufficient_granular_scope","error_description":"` + repeated + `"}`},
		"HTML":          {Status: 200, Body: "<html>" + repeated + "</html>", ContentType: "text/html"},
		"plain text":    {Status: 502, Body: repeated, ContentType: "text/plain"},
		"rejected":      {Status: 200, Body: `{"status":"error","message":"` + repeated + `"}`},
		"wrong type":    {Status: 200, Body: `["` + token + `","` + headerValue + `"]`},
		"wrong number":  {Status: 200, Body: `{"active":"` + repeated + `"}`},
		"redirect":      {Status: 302, Headers: map[string]string{"Location": "/api/v4/" + token + "/" + headerValue}},
		"bad redirect":  {Status: 302, Headers: map[string]string{"Location": "http://[" + token + headerValue}},
		"request ID":    {Status: 403, Headers: map[string]string{"X-Request-Id": repeated}},
		"away redirect": {Status: 302, Headers: map[string]string{"Location": "http://127.0.0.1:1/" + headerValue + "?token=" + token}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			fault.Path = "/projects/*"
			server := startGitLab(t, gitlabsim.Scenario{Faults: []gitlabsim.Fault{fault}})
			for call, send := range map[string]request{"read": readSettings, "write": saveActive, "list": listKeys, "add": createKey} {
				err := send(t.Context(), newClient(t, server.URL(), retries(0), func(o *errortracking.Options) {
					o.Log = func(_ context.Context, attempt map[string]any) {
						if text := fmt.Sprint(attempt); strings.Contains(text, token) || strings.Contains(text, headerValue) {
							t.Errorf("%s: the attempt is reported as %s", call, text)
						}
					}
				}))
				failed, ok := errors.AsType[*errortracking.Error](err)
				if !ok || strings.Contains(err.Error()+failed.Path+failed.Message+failed.Location, token) || strings.Contains(err.Error()+failed.Path+failed.Location, headerValue) {
					t.Errorf("%s: %v", call, err)
				}
			}
		})
	}
}

// A secret that a broken answer repeats is in no error and in no log.
func TestSecretsInBrokenAnswers(t *testing.T) {
	t.Parallel()
	server := startServer(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = conn.Write([]byte("HTTP/1.1 " + token + "\r\n\r\n"))
		_ = conn.Close()
	})
	client := newClient(t, server.URL, retries(0), func(o *errortracking.Options) {
		o.Log = func(_ context.Context, attempt map[string]any) {
			if text := fmt.Sprint(attempt["failure"]); strings.Contains(text, token) || !strings.Contains(text, "(token)") {
				t.Errorf("the attempt is reported as %v", attempt)
			}
		}
	})
	if failed := wantError(t, client.CheckToken(t.Context()), errortracking.ErrConnection); !strings.Contains(failed.Error(), "(token)") {
		t.Errorf("got %v, want a mask in place of the token", &failed)
	}
}
