package provider

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// proxied has a provider block with a custom header, and an object of each kind.
var proxied = `
variable "gate" {
  sensitive = true
}
provider "gitlab" {
  headers = { X-Gate = var.gate }
  retries = 0
}
` + settingsConfig("acme/web", "active = true") + clientKeyConfig("acme/web", "")

// The token and the header's value are seen in nothing that an engine prints, logs at the level TRACE or writes, also
// when GitLab repeats them in its answer, and no other server gets them.
func TestToken(t *testing.T) {
	t.Parallel()
	const (
		repeated  = maintainer + " " + gate
		elsewhere = "http://elsewhere" // stands for the address of another server
	)
	tests := []struct {
		fault gitlabsim.Fault // of everything in the project
		says  string
	}{
		{gitlabsim.Fault{Status: 403, Body: `{"message":"403 Forbidden ` + repeated + `"}`}, "403 Forbidden (token) (value of header X-Gate)"},
		{gitlabsim.Fault{Status: 403, Body: `{"message":"403 Forbidden"}`, Headers: map[string]string{"X-Request-Id": maintainer + gate}}, "needs the Maintainer role in this project"},
		{gitlabsim.Fault{Status: 502, Body: repeated, ContentType: "text/plain"}, "(token) (value of header X-Gate)"},
		{gitlabsim.Fault{Status: 200, Body: `{"message":"` + repeated}, "The response is incomplete"},
		{gitlabsim.Fault{Status: 302, Headers: map[string]string{"Location": "http://[" + maintainer + gate}}, "redirects to another address"},
		{gitlabsim.Fault{Status: 302, Headers: map[string]string{"Location": elsewhere + "/sign_in/" + gate + "?token=" + maintainer}}, "redirects to another address"},
	}
	other := startRecorder(t)
	gitlab := startTestbed(t, keyScenario())
	terraform := newCommandLine(t, gitlab, proxied)
	terraform.startProvider(t)
	terraform.env = append(terraform.env, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(terraform.folder, "engine.log"), "TF_VAR_gate="+gate)
	run := func(fails bool, text string, arguments ...string) {
		t.Helper()
		output, err := terraform.run(t, arguments...)
		secrets{maintainer, gate}.notIn(t, "the output of "+arguments[0], output)
		if (err != nil) != fails {
			t.Fatalf("%v ended with %v\n%s", arguments, err, output)
		}
		if !hasInOrder(output, text) {
			t.Errorf("%v does not say %q\n%s", arguments, text, output)
		}
	}

	run(false, "", "plan", "-out=saved.tfplan")
	for n, tt := range tests {
		fault := tt.fault
		fault.Path = "/projects/1/*"
		if location, ok := fault.Headers["Location"]; ok {
			fault.Headers = map[string]string{"Location": strings.Replace(location, elsewhere, other.URL, 1)}
		}
		gitlab.AddFault(fault)
		if n == 0 {
			run(true, tt.says, "apply", "saved.tfplan")
			gitlab.ClearFaults()
			run(false, "", "apply", "-auto-approve")
			gitlab.AddFault(fault)
		}
		run(true, tt.says, "plan")
		gitlab.ClearFaults()
	}
	run(false, "", "show", "-json")

	// A saved plan has the variables of the configuration, whoever reads them; it has nothing from the environment.
	files := secrets{maintainer}.notInFolder(t, terraform.folder)
	for name, text := range map[string]string{"terraform.tfstate": `"https://glet_`, "engine.log": "[TRACE] provider.terraform-provider-gitlab"} {
		if !strings.Contains(files[name], text) {
			t.Errorf("%s does not have %q", name, text)
		}
	}
	if err := os.Remove(filepath.Join(terraform.folder, "saved.tfplan")); err != nil {
		t.Fatal(err)
	}
	run(false, "", "destroy", "-auto-approve")
	secrets{maintainer, gate}.notInFolder(t, terraform.folder)
	if got := other.requests(); len(got) > 0 {
		t.Errorf("another server was asked: %v", got)
	}
	if !sentTo(gitlab, "X-Gate", gate) || !sentTo(gitlab, "Authorization", "Bearer "+maintainer) {
		t.Error("GitLab did not get the token and the header")
	}
}

// An argument that is refused is not shown, not even by the engine, which quotes the line that an error is about.
func TestToken_refusedArgument(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		argument string // of the provider block
		env      string
		says     []string
	}{
		{"address", `base_url = "https://root:` + gate + `@gitlab.example.com"`, "", []string{"Invalid provider argument", "The argument base_url cannot be used"}},
		{"address that is not a URL", `base_url = "https://root:` + gate + `@gitlab.example.com:x"`, "", []string{"Invalid provider argument", "The argument base_url cannot be used"}},
		{"address with a query", `base_url = "https://gitlab.example.com?private_token=` + gate + `"`, "", []string{"Invalid provider argument", "The argument base_url cannot be used"}},
		{"address of the environment", "", "GITLAB_BASE_URL=https://root:" + gate + "@gitlab.example.com", []string{"Invalid environment variable", "GITLAB_BASE_URL cannot be used"}},
		{"token", `token = "` + gate + `\n"`, "", []string{"Invalid provider argument", "The argument token cannot be used"}},
		{"token of the environment", "", "GITLAB_TOKEN=" + gate + "\n", []string{"Invalid environment variable", "GITLAB_TOKEN cannot be used"}},
		{"header", `headers = { X-Gate = "` + gate + `\n" }`, "", []string{"Invalid provider argument", "The argument headers cannot be used"}},
		{"header with the token", `headers = { Private-Token = "` + gate + `" }`, "", []string{"Invalid provider argument", "The argument headers cannot be used"}},
		{"token as an early check sends it", `token = "` + gate + `"`, "GITLAB_EARLY_AUTH_CHECK=true", []string{"Unable to sign in to GitLab"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, keyScenario())
			terraform := newCommandLine(t, gitlab, "provider \"gitlab\" {\n  "+tt.argument+"\n}\n"+clientKeyConfig("acme/web", ""))
			terraform.env = append(terraform.env, "TF_LOG=TRACE")
			if tt.env != "" {
				terraform.env = append(terraform.env, tt.env)
			}
			output, err := terraform.run(t, "apply", "-auto-approve")
			if err == nil || !hasInOrder(output, tt.says...) {
				t.Errorf("apply ended with %v and does not say %q\n%s", err, tt.says, output)
			}
			secrets{gate, maintainer}.notIn(t, "the output", output)
			if wrote := gitlab.writes(); len(wrote) > 0 {
				t.Errorf("GitLab got %v", wrote)
			}
		})
	}
}

// The server is not a web server but sends back what it got, so that Go's own errors quote it.
func TestToken_echo(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go echo(listener)
	terraform := newCommandLine(t, startTestbed(t, keyScenario()), proxied)
	terraform.env = append(terraform.env, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(terraform.folder, "engine.log"), "TF_VAR_gate="+gate, "GITLAB_BASE_URL=http://"+listener.Addr().String())
	output, err := terraform.run(t, "apply", "-auto-approve")
	if err == nil || !hasInOrder(output, "Error: Unable to reach GitLab", "Project acme/web: ", `malformed HTTP status code "(token)"`) {
		t.Errorf("apply ended with %v\n%s", err, output)
	}
	secrets{maintainer, gate}.notIn(t, "the output", output)
	secrets{maintainer, gate}.notInFolder(t, terraform.folder)
}

// echo answers each request with its secret headers in one line, until the listener is closed.
func echo(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		if req, err := http.ReadRequest(bufio.NewReader(connection)); err == nil {
			_, _ = fmt.Fprintf(connection, "%s %s\r\n", req.Header.Get("Authorization"), req.Header.Get("X-Gate"))
		}
		_ = connection.Close()
	}
}

// sentTo reports whether each request to a GitLab has a header.
func sentTo(b *testbed, name, value string) bool {
	requests := b.Requests()
	return len(requests) > 0 && !slices.ContainsFunc(requests, func(r gitlabsim.Request) bool { return r.Header.Get(name) != value })
}

// recorder is a server that nothing should be sent to.
type recorder struct {
	*httptest.Server
	got chan string
}

func startRecorder(t *testing.T) recorder {
	t.Helper()
	r := recorder{got: make(chan string, 1000)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		var request strings.Builder
		_ = req.Write(&request)
		r.got <- request.String()
	}))
	t.Cleanup(r.Close)
	return r
}

// requests returns what was sent so far, and forgets it.
func (r recorder) requests() []string {
	var all []string
	for range len(r.got) {
		all = append(all, <-r.got)
	}
	return all
}
