package gitlabsim_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

const exampleScenario = `{
  "external_url": "http://gitlab.example.com",
  "dsn_base_url": "https://observe.example.com",
  "integrated_error_tracking": true,
  "version": "18.5.0",
  "tokens": [
    {"token": "maintainer-token", "roles": {"1": "maintainer", "2": "developer", "4": "owner"}},
    {"token": "reader-token", "scopes": ["read_api"], "roles": {"*": "maintainer"}},
    {"token": "old-token", "state": "expired"},
    {"token": "admin-token", "admin": true}
  ],
  "projects": [
    {"id": 1, "path": "acme/web", "client_keys": [{}, {"id": 7, "public_key": "glet_mine", "inactive": true}]},
    {"id": 2, "path": "acme/sub/api", "client_keys": 45},
    {"id": 3, "path": "acme/new", "old_paths": ["acme/old"], "visibility": "public", "archived": true},
    {"id": 4, "path": "acme/shop", "integrated_error_tracking": false,
     "settings": {"active": true, "integrated": false, "api_url": "https://sentry.example.com/api/0/projects/o/p/",
                  "sentry_external_url": "https://sentry.example.com/o/p/", "project_name": "P"}}
  ],
  "faults": [
    {"method": "POST", "path": "/projects/1/error_tracking/client_keys", "status": 502, "after": true, "times": 1},
    {"method": "GET", "path": "/projects/2/*", "status": 429, "headers": {"Retry-After": "1"}, "times": 2},
    {"method": "GET", "path": "/projects/3/*", "body": "<html>sign in</html>", "content_type": "text/html", "status": 200},
    {"method": "POST", "path": "/projects/*", "drop": true, "after": true, "times": 1}
  ]
}`

// TestReadScenario reads a file that uses every field and looks at what the server makes of it.
func TestReadScenario(t *testing.T) {
	t.Parallel()
	s, err := gitlabsim.ReadScenario(strings.NewReader(exampleScenario))
	if err != nil {
		t.Fatal(err)
	}
	server := start(t, s, gitlabsim.Options{})
	if got := server.Keys(1); len(got) != 2 || got[0].ID != 1 || got[1] != (gitlabsim.ClientKey{ID: 7, PublicKey: "glet_mine", Inactive: true}) {
		t.Errorf("project 1 has keys %+v", got)
	}
	seen := map[int64]bool{1: true, 7: true}
	keys := server.Keys(2)
	for n, key := range keys {
		if seen[key.ID] || n > 0 && key.ID <= keys[n-1].ID {
			t.Errorf("project 2 has key %d after others", key.ID)
		}
		seen[key.ID] = true
	}
	if len(keys) != 45 {
		t.Errorf("project 2 has %d keys", len(keys))
	}
	if added := server.AddKey(1); added.ID <= 46 {
		t.Errorf("a new key has the ID %d", added.ID)
	}
	if got, want := server.DSN(1, "glet_mine"), "https://glet_mine@observe.example.com:443/errortracking/api/v1/projects/1"; got != want {
		t.Errorf("the DSN is %s, want %s", got, want)
	}
	row, ok := server.Settings(4)
	if !ok || !row.Active || row.Integrated || *row.APIURL != "https://sentry.example.com/api/0/projects/o/p/" || *row.ProjectName != "P" {
		t.Errorf("project 4 has settings %+v, %t", row, ok)
	}
	if got := ask(t, http.MethodPut, server.URL()+"/api/v4/projects/4/error_tracking/settings?active=true&integrated=true"); got.body != `{"message":"404 Not Found"}` {
		t.Errorf("PUT with the flag off answers %d %s", got.status, got.body)
	}
	if got := ask(t, http.MethodGet, server.URL()+"/api/v4/version"); !strings.Contains(got.body, `"18.5.0"`) {
		t.Errorf("the version is %s", got.body)
	}
}

// The scenario in CONTRIBUTING.md is one.
func TestReadScenario_documented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```json\n")
	scenario, _, _ := strings.Cut(rest, "```")
	if s, err := gitlabsim.ReadScenario(strings.NewReader(scenario)); err != nil || len(s.Projects) != 2 {
		t.Errorf("got %d projects and %v of\n%s", len(s.Projects), err, scenario)
	}
}
