package gitlabsim_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

var update = flag.Bool("update", false, "write the golden files from what the simulator answers")

// row is one fact about GitLab: what is there, what is asked, and (in the golden file) what is answered.
type row struct {
	fact     string
	scenario gitlabsim.Scenario
	steps    []step
}

// step is a request to the API, or a change behind the client's back that is told in a note.
type step struct {
	method, path string
	body         string
	token        string // empty: maintainer-token; "none": no token
	bearer       bool
	contentType  string // empty: application/json where there is a body; "none": no content type
	headers      []string
	only         string // the part of the answer the row is about; empty: status, headers and body

	note string
	do   func(*gitlabsim.Server)
}

// get, put, patch, post and del are the steps most rows consist of.
func get(path string) step         { return step{method: http.MethodGet, path: path} }
func put(path, body string) step   { return step{method: http.MethodPut, path: path, body: body} }
func patch(path, body string) step { return step{method: http.MethodPatch, path: path, body: body} }
func post(path string) step        { return step{method: http.MethodPost, path: path} }
func postJSON(path, body string) step {
	return step{method: http.MethodPost, path: path, body: body}
}
func del(path string) step  { return step{method: http.MethodDelete, path: path} }
func head(path string) step { return step{method: http.MethodHead, path: path} }

// as makes the request with another token.
func (s step) as(token string) step { s.token = token; return s }

// change is a step that changes the server.
func change(note string, do func(*gitlabsim.Server)) step { return step{note: note, do: do} }

const (
	settings = "/projects/1/error_tracking/settings"
	keys     = "/projects/1/error_tracking/client_keys"
)

// with returns the scenario of most rows: project 1 is acme/web, edited by edit, and there is a token for each need.
func with(edit func(*gitlabsim.Scenario, *gitlabsim.Project)) gitlabsim.Scenario {
	s := gitlabsim.Scenario{
		ExternalURL: "http://gitlab.example.com",
		Tokens: []gitlabsim.Token{
			{Token: "maintainer-token", Roles: map[string]string{"*": "maintainer"}},
			{Token: "developer-token", Roles: map[string]string{"1": "developer"}},
			{Token: "stranger-token"},
			{Token: "admin-token", Admin: true},
			{Token: "reader-token", Scopes: []string{"read_api"}, Roles: map[string]string{"1": "maintainer"}},
			{Token: "user-token", Scopes: []string{"read_user"}, Roles: map[string]string{"1": "maintainer"}},
			{Token: "expired-token", State: "expired", Roles: map[string]string{"1": "maintainer"}},
			{Token: "revoked-token", State: "revoked", Roles: map[string]string{"1": "maintainer"}},
		},
		Projects: []gitlabsim.Project{{ID: 1, Path: "acme/web"}},
	}
	edit(&s, &s.Projects[0])
	return s
}

// plain leaves the scenario as it is.
func plain(*gitlabsim.Scenario, *gitlabsim.Project) {}

// stored gives project 1 a settings row.
func stored(active, integrated bool) func(*gitlabsim.Scenario, *gitlabsim.Project) {
	return func(_ *gitlabsim.Scenario, p *gitlabsim.Project) {
		p.Settings = &gitlabsim.Settings{Active: active, Integrated: integrated}
	}
}

// sentry gives project 1 an active settings row of a Sentry at host.
func sentry(host string) func(*gitlabsim.Scenario, *gitlabsim.Project) {
	return func(_ *gitlabsim.Scenario, p *gitlabsim.Project) {
		p.Settings = &gitlabsim.Settings{
			Active:            true,
			ProjectName:       new("P"),
			SentryExternalURL: new("https://" + host + "/o/p/"),
			APIURL:            new("https://" + host + "/api/0/projects/o/p/"),
		}
	}
}

// withKeys gives project 1 client keys.
func withKeys(n int) func(*gitlabsim.Scenario, *gitlabsim.Project) {
	return func(_ *gitlabsim.Scenario, p *gitlabsim.Project) { p.ClientKeys = gitlabsim.MakeKeys(n) }
}

// both edits twice.
func both(edits ...func(*gitlabsim.Scenario, *gitlabsim.Project)) func(*gitlabsim.Scenario, *gitlabsim.Project) {
	return func(s *gitlabsim.Scenario, p *gitlabsim.Project) {
		for _, edit := range edits {
			edit(s, p)
		}
	}
}

// flagOff switches the feature flag off for the instance.
func flagOff(s *gitlabsim.Scenario, _ *gitlabsim.Project) { s.IntegratedErrorTracking = new(false) }

// TestGolden compares the answer to each row with the golden file of its topic.
func TestGolden(t *testing.T) {
	t.Parallel()
	for topic, rows := range map[string][]row{
		"settings":       settingsRows,
		"client_keys":    clientKeyRows,
		"not_found":      notFoundRows,
		"authentication": authenticationRows,
		"permissions":    permissionRows,
		"parameters":     parameterRows,
		"projects":       projectRows,
		"groups":         groupRows,
		"instance":       instanceRows,
		"collector":      collectorRows,
		"control":        controlRows,
	} {
		t.Run(topic, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join("testdata", "golden", topic+".txt")
			if *update {
				var text strings.Builder
				for _, r := range rows {
					text.WriteString(r.section(t))
				}
				if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			sections := readSections(t, file)
			if len(sections) != len(rows) {
				t.Errorf("%s has %d sections for %d rows", file, len(sections), len(rows))
			}
			for _, r := range rows {
				t.Run(r.fact, func(t *testing.T) {
					t.Parallel()
					want, ok := sections[r.fact]
					if !ok {
						t.Fatalf("%s has no section for this row; go test -update writes it", file)
					}
					if got := r.section(t); got != want {
						t.Errorf("got:\n%s\nwant:\n%s", got, want)
					}
				})
			}
		})
	}
}

const sectionMark = "=== "

// readSections reads a golden file: each section by the fact in its first line.
func readSections(t *testing.T, file string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for text := range strings.SplitSeq("\n"+string(data), "\n"+sectionMark) {
		if fact, _, found := strings.Cut(text, "\n"); found && fact != "" {
			sections[fact] = sectionMark + strings.TrimSuffix(text, "\n") + "\n"
		}
	}
	return sections
}

// section runs a row's steps on a server of their own and writes down what was asked and answered.
func (r row) section(t *testing.T) string {
	t.Helper()
	server, err := gitlabsim.Start(r.scenario, gitlabsim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	var text strings.Builder
	fmt.Fprintf(&text, "%s%s\n", sectionMark, r.fact)
	for _, s := range r.steps {
		if s.do != nil {
			fmt.Fprintf(&text, "# %s\n", s.note)
			s.do(server)
			continue
		}
		s.write(t, &text, server)
	}
	lines := strings.Split(text.String(), "\n")
	for n, line := range lines {
		lines[n] = strings.TrimRight(line, " \r")
	}
	return strings.Join(lines, "\n")
}

// write makes a request and writes it down with its answer.
func (s step) write(t *testing.T, text *strings.Builder, server *gitlabsim.Server) {
	t.Helper()
	prefix := "/api/v4"
	if strings.HasPrefix(s.path, "/-/") || strings.HasPrefix(s.path, "/errortracking/") {
		prefix = ""
	}
	req, err := http.NewRequestWithContext(t.Context(), s.method, server.URL()+prefix+s.path, strings.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(text, "> %s %s\n", s.method, s.path)
	switch token := cmp.Or(s.token, "maintainer-token"); {
	case token == "none" || prefix == "":
	case s.bearer:
		req.Header.Set("Authorization", "Bearer "+token)
		fmt.Fprintf(text, "> Authorization: Bearer %s\n", token)
	default:
		req.Header.Set("PRIVATE-TOKEN", token)
		if s.token != "" {
			fmt.Fprintf(text, "> PRIVATE-TOKEN: %s\n", token)
		}
	}
	if contentType := cmp.Or(s.contentType, "application/json"); s.body != "" && contentType != "none" {
		req.Header.Set("Content-Type", contentType)
		if s.contentType != "" {
			fmt.Fprintf(text, "> Content-Type: %s\n", contentType)
		}
	}
	for _, line := range s.headers {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
		fmt.Fprintf(text, "> %s\n", line)
	}
	if s.body != "" {
		fmt.Fprintf(text, "> %s\n", strings.ReplaceAll(s.body, "\n", "\n> "))
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(text, "< %d\n", resp.StatusCode)
	for _, name := range []string{"Content-Type", "Location", "X-Total", "X-Total-Pages", "X-Next-Page", "X-Page", "X-Per-Page", "X-Prev-Page", "Link"} {
		values, sent := resp.Header[name]
		if sent && (s.only == "" || s.only == "headers") && (name != "Content-Type" || values[0] != "application/json") {
			fmt.Fprintf(text, "< %s: %s\n", name, strings.Join(values, ", "))
		}
	}
	if len(body) > 0 && s.only != "headers" {
		fmt.Fprintf(text, "< %s\n", bytes.ReplaceAll(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"), []byte("\n< ")))
	}
}
