package provider

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/google/go-cmp/cmp"
)

// The troubleshooting guide has a heading for each title, and no other heading of its level.
func TestTitles_documented(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	want := titles(t)
	var got []string
	for _, heading := range regexp.MustCompile(`(?m)^### (.+)$`).FindAllSubmatch(guide, -1) {
		got = append(got, string(heading[1]))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headings of the guide (-want +got):\n%s", diff)
	}
}

// titles returns the titles of all errors and warnings.
func titles(t *testing.T) (all []string) {
	t.Helper()
	source, err := parser.ParseFile(token.NewFileSet(), "diagnostics.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, declared := range source.Decls {
		if constants, ok := declared.(*ast.GenDecl); ok && constants.Tok == token.CONST && constants.Lparen.IsValid() {
			all = append(all, literals(constants)...)
		}
	}
	return all
}

// No error or warning has a title that is written where it is used.
func TestTitles_constants(t *testing.T) {
	t.Parallel()
	titleAt := map[string]int{
		"AddError": 0, "AddWarning": 0, "AddAttributeError": 1, "AddAttributeWarning": 1,
		"NewErrorDiagnostic": 0, "NewWarningDiagnostic": 0, "NewAttributeErrorDiagnostic": 1, "NewAttributeWarningDiagnostic": 1,
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	titles := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		positions := token.NewFileSet()
		source, err := parser.ParseFile(positions, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(source, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			function, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if at, ok := titleAt[function.Sel.Name]; ok {
				titles++
				if written := literals(call.Args[at]); len(written) > 0 {
					t.Errorf("%s: the title %q is no constant of diagnostics.go", positions.Position(call.Pos()), written)
				}
			}
			return true
		})
	}
	if titles == 0 {
		t.Error("no error or warning was found")
	}
}

// literals returns the texts that stand in source.
func literals(source ast.Node) (texts []string) {
	ast.Inspect(source, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, _ := strconv.Unquote(literal.Value)
			texts = append(texts, text)
		}
		return true
	})
	return texts
}

// Each error of package errortracking has a cause and a cure.
func TestExplain(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../errortracking/errors.go")
	if err != nil {
		t.Fatal(err)
	}
	if kinds := regexp.MustCompile(`(?m)^\tErr\w+ += `).FindAll(source, -1); len(kinds) != len(adviceOn)+1 { // ErrSettingsInUse is never explained
		t.Errorf("errors.go has %d errors, there is advice on %d", len(kinds), len(adviceOn))
	}
	for kind, advice := range adviceOn {
		text := explain(&errortracking.Error{Kind: kind, Method: "GET", Path: "/api/v4/projects/1", Status: 418})
		cause := advice.cause
		if cause == "" {
			cause = capitalized(kind.Error()) + "."
		}
		if !strings.Contains(text, "\n\n"+cause+"\n\n") || !strings.Contains(text, advice.cure) || !strings.HasSuffix(cause, ".") || !strings.HasSuffix(advice.cure, ".") {
			t.Errorf("%v is explained as %q", kind, text)
		}
	}
	for kind, advice := range adviceOn {
		if words := len(strings.Fields(advice.cause + " " + advice.cure)); words > 60 {
			t.Errorf("the advice on %v has %d words, want 60 at most", kind, words)
		}
	}
	if text := explain(errors.New("plain")); text != "plain." {
		t.Errorf("an error of no kind is explained as %q", text)
	}
}

// GitLab gives up error tracking: the state is kept until the resources are removed, and goes on if it comes back.
func TestFeatureRemoved(t *testing.T) {
	t.Parallel()
	const removed = "GitLab no longer has error tracking"
	config := settingsConfig("acme/web", "active = true") + clientKeyConfig("acme/web", `keepers = { rotated = "1" }`)
	start := func(t *testing.T) (*testbed, *commandLine) {
		t.Helper()
		gitlab := startTestbed(t, twoProjects())
		terraform := newCommandLine(t, gitlab, config)
		terraform.succeeds(t, "apply", "-auto-approve")
		gitlab.SetErrorTracking(false)
		return gitlab, terraform
	}
	warns := func(t *testing.T, output string, texts ...string) {
		t.Helper()
		if !hasInOrder(output, append([]string{"Warning: " + removed, "Project acme/web: GitLab at"}, texts...)...) {
			t.Errorf("no warning with %q:\n%s", texts, output)
		}
	}

	t.Run("plan, apply and return", func(t *testing.T) {
		t.Parallel()
		gitlab, terraform := start(t)
		warns(t, terraform.succeeds(t, "plan"), "stays in the state as it was last read")
		warns(t, terraform.succeeds(t, "apply", "-auto-approve"), "0 added, 0 changed, 0 destroyed")
		terraform.fails(t, []string{"Error: Unable to create or replace resource", "terraform state rm"}, "apply", "-auto-approve", "-replace="+clientKeyAddress)
		terraform.write(t, "main.tf", requiredProviders+settingsConfig("acme/web", "active = false")+clientKeyConfig("acme/web", `keepers = { rotated = "1" }`))
		terraform.fails(t, []string{"Error: Unable to save error tracking settings", "Project acme/web: GitLab at"}, "apply", "-auto-approve")
		terraform.write(t, "main.tf", requiredProviders+settingsConfig("acme/web", "active = true")+clientKeyConfig("acme/web", `keepers = { rotated = "2" }`))
		terraform.fails(t, []string{"Error: Unable to create or replace resource"}, "apply", "-auto-approve")
		gitlab.SetErrorTracking(true)
		terraform.write(t, "main.tf", requiredProviders+config)
		terraform.changesNothing(t)
		if len(gitlab.Keys(1)) != 1 {
			t.Errorf("GitLab has the keys %v, want one", gitlab.keyIDs(1))
		}
	})
	for name, leave := range map[string]func(*testing.T, *commandLine) string{
		"destroy": func(t *testing.T, terraform *commandLine) string {
			t.Helper()
			return terraform.succeeds(t, "destroy", "-auto-approve")
		},
		"removed from the configuration": func(t *testing.T, terraform *commandLine) string {
			t.Helper()
			terraform.write(t, "main.tf", requiredProviders)
			return terraform.succeeds(t, "apply", "-auto-approve")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, terraform := start(t)
			output := leave(t, terraform)
			warns(t, output, "The settings were removed from the state.")
			warns(t, output, "Client key", "was removed from the state.")
			if left := terraform.objectsInState(t); len(left) > 0 {
				t.Errorf("the state has %v", left)
			}
		})
	}
	t.Run("create, import and data source", func(t *testing.T) {
		t.Parallel()
		scenario := twoProjects()
		scenario.ErrorTracking = new(false)
		gitlab := startTestbed(t, scenario)
		terraform := newCommandLine(t, gitlab, config)
		terraform.fails(t, []string{"This GitLab no longer has error tracking"}, "apply", "-auto-approve")
		terraform.fails(t, []string{"Error: Unable to read error tracking settings", "This GitLab no longer has error tracking"}, "import", settingsAddress, "acme/web")
		terraform.fails(t, []string{"Error: Unable to read client keys", "This GitLab no longer has error tracking"}, "import", clientKeyAddress, "acme/web")
		if left := terraform.objectsInState(t); len(left) > 0 {
			t.Errorf("the state has %v", left)
		}
		terraform.write(t, "main.tf", requiredProviders+"data \"gitlab_error_tracking_settings\" \"test\" {\n  project = \"acme/web\"\n}\n")
		terraform.fails(t, []string{"Error: Unable to read error tracking settings", "This GitLab no longer has error tracking"}, "plan")
	})
}

// What goes wrong before, in and after GitLab's response, provoked for real: the title names the layer at fault, and the detail
// has the cause and the cure.
func TestLayers(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	scenario.Tokens = append(scenario.Tokens, gitlabsim.Token{Token: "glpat-expired-token", State: "expired"}, gitlabsim.Token{Token: "glpat-revoked-token", State: "revoked"},
		gitlabsim.Token{Token: "glpat-developer-token", Roles: map[string]string{"*": "developer"}}, gitlabsim.Token{Token: "glpat-reader-token", Scopes: []string{"read_api"}, Roles: map[string]string{"*": "maintainer"}})
	gitlab := startTestbed(t, scenario)
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(secure.Close)
	answers := func(status int, header, body string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if name, value, ok := strings.Cut(header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	_ = listener.Close()
	resets, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resets.Close() })
	go func() {
		for {
			connection, err := resets.Accept()
			if err != nil {
				return
			}
			_ = connection.Close()
		}
	}()
	for name, test := range map[string]struct {
		url, token, project string
		attempts            bool // more than one
		says                []string
	}{
		"unknown token":      {gitlab.URL(), "glpat-unknown-token", "acme/web", false, []string{unableToSignIn, "returned 401 Unauthorized", "GitLab does not recognize the token.", "GITLAB_TOKEN"}},
		"expired token":      {gitlab.URL(), "glpat-expired-token", "acme/web", false, []string{unableToSignIn, "The token has expired.", "Create an access token"}},
		"revoked token":      {gitlab.URL(), "glpat-revoked-token", "acme/web", false, []string{unableToSignIn, "The token was revoked.", "Create an access token"}},
		"role":               {gitlab.URL(), "glpat-developer-token", "1", false, []string{unableToSaveSettings, "returned 403 Forbidden", "needs the Maintainer role", "that role"}},
		"scope":              {gitlab.URL(), "glpat-reader-token", "1", false, []string{unableToSaveSettings, "insufficient_scope", "read_api cannot write", "scope api"}},
		"nobody listens":     {closed, maintainer, "acme/web", true, []string{unableToReachGitLab, "connection refused", "Nothing accepts connections", "Check base_url"}},
		"resets":             {"http://" + resets.Addr().String(), maintainer, "acme/web", true, []string{unableToReachGitLab, "The connection broke before a response came.", "Check base_url, the network and the proxy variables"}},
		"name":               {"http://gitlab.invalid", maintainer, "acme/web", false, []string{unableToReachGitLab, "The name of GitLab's host was not found.", "name servers"}},
		"certificate":        {secure.URL, maintainer, "acme/web", false, []string{unableToReachGitLab, "certificate is not trusted", "cacert_file", "insecure = true"}},
		"no TLS":             {strings.Replace(gitlab.URL(), "http:", "https:", 1), maintainer, "acme/web", false, []string{unableToReachGitLab, "does not use TLS", "use http://"}},
		"TLS only":           {strings.Replace(secure.URL, "https:", "http:", 1), maintainer, "acme/web", false, []string{unableToReachGitLab, "accepts HTTPS only", "Use https://"}},
		"sign-in page":       {answers(200, "", "<html>Sign in</html>"), maintainer, "acme/web", false, []string{unexpectedResponse, "returned 200 OK", "sign-in page", "Check base_url"}},
		"no relative root":   {answers(404, "", "<html>404</html>"), maintainer, "acme/web", false, []string{unexpectedResponse, "no GitLab API at this address", "relative root", "home page"}},
		"redirect":           {answers(302, "Location: https://elsewhere.example.com/", ""), maintainer, "acme/web", false, []string{unexpectedResponse, "redirects to another address", "Set base_url to the final address"}},
		"cut off":            {answers(200, "", `{"id":`), maintainer, "acme/web", false, []string{unexpectedResponse, "incomplete or does not match", "Run the command again"}},
		"another shape":      {answers(200, "", `[]`), maintainer, "acme/web", false, []string{unexpectedResponse, "expected an object, got a list", "does not match"}},
		"rate limit":         {answers(429, "Retry-After: 700", "later"), maintainer, "acme/web", false, []string{gitlabUnavailable, "returned 429 Too Many Requests", "GitLab asks to wait 11m40s", "lower -parallelism."}},
		"server error":       {answers(503, "", "<html>"), maintainer, "acme/web", true, []string{gitlabUnavailable, "returned 503 Service Unavailable", "GitLab returned a server error.", "status page"}},
		"project":            {gitlab.URL(), maintainer, "99", false, []string{unableToFindProject, "404 Project Not Found", "does not exist, or the token cannot see it", "Check the ID or the full path"}},
		"project, as a path": {gitlab.URL(), maintainer, "web", false, []string{unableToFindProject, "which includes the group (group/project)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terraform := newCommandLine(t, gitlab, fmt.Sprintf("provider \"gitlab\" {\n  base_url = %q\n  token = %q\n  retries = 1\n}\n", test.url, test.token)+settingsConfig(test.project, "active = true"))
			output, err := terraform.run(t, "apply", "-auto-approve")
			if err == nil || !hasInOrder(output, append([]string{"Error: " + test.says[0], "Project " + test.project + ": GitLab at"}, test.says[1:]...)...) {
				t.Errorf("ended with %v, want %q:\n%s", err, test.says, output)
			}
			if strings.Contains(output, "2 attempts") != test.attempts {
				t.Errorf("more than one attempt should be %t:\n%s", test.attempts, output)
			}
			t.Log(output[max(0, strings.LastIndex(output, "Error: ")):])
		})
	}
}
