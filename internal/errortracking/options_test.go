package errortracking_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func TestNewRefusesOptions(t *testing.T) {
	t.Parallel()

	noPEM := filepath.Join(t.TempDir(), "no.pem")
	if err := os.WriteFile(noPEM, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "missing.pem")
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
		"token with a space":            {func(o *options) { o.Token = "hunter2 hunter2" }, "token", "space"},
		"authorization as a header":     {func(o *options) { o.Headers = map[string]string{"authorization": "hunter2"} }, "headers", "token argument"},
		"private token as a header":     {func(o *options) { o.Headers = map[string]string{"PRIVATE-TOKEN": "hunter2"} }, "headers", "token argument"},
		"job token as a header":         {func(o *options) { o.Headers = map[string]string{"Job-Token": "hunter2"} }, "headers", "token argument"},
		"idempotency key as a header":   {func(o *options) { o.Headers = map[string]string{"Idempotency-Key": "hunter2"} }, "headers", "own"},
		"header name with a space":      {func(o *options) { o.Headers = map[string]string{"X Proxy": "hunter2"} }, "headers", `"X Proxy"`},
		"header without a name":         {func(o *options) { o.Headers = map[string]string{"": "hunter2"} }, "headers", `""`},
		"header value with line break":  {func(o *options) { o.Headers = map[string]string{"X-Proxy": "hunter2\r\nHost: x"} }, "headers", "line break"},
		"negative retries":              {retries(-1), "retries", "-1 is negative"},
		"no file of authorities":        {func(o *options) { o.CACertFile = missing }, "cacert_file", "cannot be read: no such file"},
		"no PEM in the authorities":     {func(o *options) { o.CACertFile = noPEM }, "cacert_file", "no PEM certificate"},
		"certificate without key":       {func(o *options) { o.ClientCert = noPEM }, "client_key", "missing"},
		"key without certificate":       {func(o *options) { o.ClientKey = noPEM }, "client_cert", "missing"},
		"contents of the authorities":   {func(o *options) { o.CACertFile = hunterPEM }, "cacert_file", "contents of a file"},
		"contents of the certificate":   {func(o *options) { o.ClientCert, o.ClientKey = hunterPEM, noPEM }, "client_cert", "contents of a file"},
		"contents of the key":           {func(o *options) { o.ClientCert, o.ClientKey = noPEM, hunterPEM }, "client_key", "contents of a file"},
		"contents of a key, not PEM":    {func(o *options) { o.ClientCert, o.ClientKey = noPEM, "hunter2\n" }, "client_key", "cannot be read"},
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
			if id, err := client.ResolveProject(t.Context(), "acme/web"); err != nil || id != project {
				t.Errorf("got project %d and error %v, want %d", id, err, project)
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

// certificateFiles writes a certificate and its key to PEM files.
func certificateFiles(t *testing.T, pair tls.Certificate) (cert, key string) {
	t.Helper()
	secret, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", pair.Certificate[0]), write("key.pem", "PRIVATE KEY", secret)
}

func TestTLS(t *testing.T) {
	t.Parallel()

	certificates := make(chan int, 3)
	server := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
		certificates <- len(r.TLS.PeerCertificates)
		answering(http.StatusOK, `{"id":1}`)(w, r)
	})
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	cert, key := certificateFiles(t, server.TLS.Certificates[0])

	var paused waits
	err := newClient(t, server.URL, paused.recorded).CheckToken(t.Context())
	failed := wantError(t, err, errortracking.ErrConnection)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok || failed.Attempts != 1 || len(paused.all()) != 0 {
		t.Errorf("got %v after %d attempts, want a refused certificate after one", err, failed.Attempts)
	}
	for _, tt := range []struct {
		change func(*errortracking.Options)
		want   int
	}{
		{func(o *errortracking.Options) { o.Insecure = true }, 0},
		{func(o *errortracking.Options) { o.CACertFile = cert }, 0},
		{func(o *errortracking.Options) { o.CACertFile, o.ClientCert, o.ClientKey = cert, cert, key }, 1},
	} {
		if err := newClient(t, server.URL, tt.change).CheckToken(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := <-certificates; got != tt.want {
			t.Errorf("the client showed %d certificates, want %d", got, tt.want)
		}
	}
	if got := len(certificates); got != 0 {
		t.Errorf("%d requests came besides, want none over a refused certificate", got)
	}
}

func TestPlainServerBehindHTTPS(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{})
	client := newClient(t, strings.Replace(server.URL(), "http:", "https:", 1))
	failed := wantError(t, client.CheckToken(t.Context()), errortracking.ErrConnection)
	if failed.Attempts != 1 || failed.Sent || !errors.Is(&failed, http.ErrSchemeMismatch) {
		t.Errorf("got %+v, want one attempt and %v", failed, http.ErrSchemeMismatch)
	}
}
