package provider

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

const settingsAddress = "gitlab_error_tracking_settings.test"

// settingsConfig is a settings resource with the given project and further arguments.
func settingsConfig(project, arguments string) string {
	return fmt.Sprintf("resource \"gitlab_error_tracking_settings\" \"test\" {\n  project = %q\n  %s\n}\n", project, arguments)
}

// settingsObject is that resource in the state: of acme/web, on, integrated.
var settingsObject = object{
	"id": "1", "project": "acme/web", "project_id": 1,
	"active": true, "integrated": true, "on_destroy": "restore",
	"project_name": nil, "sentry_external_url": nil, "api_url": nil,
}

// savedWithoutKey lists the writes of a save that enables integrated tracking: a temporary key keeps GitLab from making one.
func savedWithoutKey(method string, project, temporary int64) []string {
	return []string{
		fmt.Sprintf("POST /projects/%d/error_tracking/client_keys", project),
		fmt.Sprintf("%s /projects/%d/error_tracking/settings", method, project),
		fmt.Sprintf("DELETE /projects/%d/error_tracking/client_keys/%d", project, temporary),
	}
}

func TestSettingsResource_withoutSettings(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	terraform := newCommandLine(t, gitlab, "")
	terraform.goesTo(t, settingsConfig("acme/web", "active = true"), "1 added, 0 changed, 0 destroyed")
	terraform.hasInState(t, settingsObject)
	passes(t, gitlab.wrote(savedWithoutKey("PUT", 1, 1)...), gitlab.hasSettings(1, true, true))
	terraform.goesTo(t, settingsConfig("acme/web", "active = false"), "0 added, 1 changed, 0 destroyed")
	terraform.hasInState(t, settingsObject.with(object{"active": false}))
	passes(t, gitlab.wrote("PATCH /projects/1/error_tracking/settings"), gitlab.hasSettings(1, false, true))
}

// Existing settings are adopted: they are saved where they are others, and with on_destroy = "keep" nothing undoes that.
func TestSettingsResource_adopts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before gitlabsim.Settings
		writes []string
	}{
		"inactive":  {gitlabsim.Settings{Integrated: true}, savedWithoutKey("PUT", 1, 1)},
		"as wanted": {gitlabsim.Settings{Active: true, Integrated: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := twoProjects()
			scenario.Projects[0].Settings = &test.before
			gitlab := startTestbed(t, scenario)
			terraform := newCommandLine(t, gitlab, "")
			terraform.goesTo(t, settingsConfig("1", "active = true\n  integrated = true\n  on_destroy = \"keep\""), "1 added, 0 changed, 0 destroyed")
			terraform.hasInState(t, settingsObject.with(object{"project": "1", "on_destroy": "keep"}))
			passes(t, gitlab.wrote(test.writes...), gitlab.hasSettings(1, true, true))
			terraform.destroy(t)
			passes(t, gitlab.wrote(), gitlab.hasSettings(1, true, true))
		})
	}
}

func TestSettingsResource_sentry(t *testing.T) {
	t.Parallel()
	apiURL, externalURL, name := "https://sentry.example.com/api/0/projects/o/p/", "https://sentry.example.com/o/p/", "P"
	scenario := twoProjects()
	scenario.Projects[1].Settings = &gitlabsim.Settings{APIURL: &apiURL, SentryExternalURL: &externalURL, ProjectName: &name}
	gitlab := startTestbed(t, scenario)
	terraform := newCommandLine(t, gitlab, "")
	does := "1 added, 0 changed, 0 destroyed"
	for _, step := range []struct {
		arguments          string
		active, integrated bool
		writes             []string
	}{
		{"active = true", true, false, savedWithoutKey("PATCH", 2, 1)},
		{"active = true\n  integrated = true", true, true, savedWithoutKey("PUT", 2, 2)},
		{"active = true\n  integrated = false", true, false, []string{"PATCH /projects/2/error_tracking/settings"}},
		{"active = false", false, false, []string{"PATCH /projects/2/error_tracking/settings"}},
	} {
		terraform.goesTo(t, settingsConfig("acme/shop", step.arguments), does)
		terraform.hasInState(t, settingsObject.with(object{
			"id": "2", "project": "acme/shop", "project_id": 2, "active": step.active, "integrated": step.integrated,
			"api_url": apiURL, "sentry_external_url": externalURL, "project_name": name,
		}))
		passes(t, gitlab.wrote(step.writes...), gitlab.hasSettings(2, step.active, step.integrated))
		does = "0 added, 1 changed, 0 destroyed"
	}
}

// webConfig is settings and a client key of acme/web, with the dependency that README's example has, the reverse, or none.
func webConfig(order string) string {
	settingsNeed, keyProject := "", `"acme/web"`
	switch order {
	case "settings first":
		keyProject = "gitlab_error_tracking_settings.web.project"
	case "key first":
		settingsNeed = "depends_on = [gitlab_error_tracking_client_key.web]"
	}
	return fmt.Sprintf(`
resource "gitlab_error_tracking_settings" "web" {
  project    = "acme/web"
  active     = true
  integrated = true
  %s
}
resource "gitlab_error_tracking_client_key" "web" {
  project = %s
  keepers = { rotated = "2026-11" }
  lifecycle { create_before_destroy = true }
}
`, settingsNeed, keyProject)
}

var orders = []string{"settings first", "key first", "no dependency"}

// isOnWithOneKey checks that error tracking of a project is on with one active key, that of the state.
func (b *testbed) isOnWithOneKey(t *testing.T, terraform *commandLine, project int64) {
	t.Helper()
	row, _ := b.Settings(project)
	keys := b.Keys(project)
	if !row.Active || !row.Integrated || len(keys) != 1 || !slices.Contains(terraform.keysInState(t), keys[0].ID) {
		t.Errorf("project %d has the settings %+v and the keys %+v; the state has the keys %v", project, row, keys, terraform.keysInState(t))
	}
}

// isOff checks that error tracking of a project is off and that no key is left.
func (b *testbed) isOff(t *testing.T, project int64) {
	t.Helper()
	if row, ok := b.Settings(project); !ok || row.Active || len(b.Keys(project)) > 0 {
		t.Errorf("project %d has the settings %+v and the keys %+v", project, row, b.Keys(project))
	}
}

// What people do to the README's example in a normal month leaves error tracking on with one key. A destroy leaves no key,
// and switches off what Terraform switched on.
func TestSettingsResource_ordinaryLife(t *testing.T) {
	t.Parallel()
	settings, key := "-replace=gitlab_error_tracking_settings.web", "-replace=gitlab_error_tracking_client_key.web"
	for _, order := range orders {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, twoProjects())
			terraform := newCommandLine(t, gitlab, webConfig(order))
			createdFirst := false
			apply := func(options ...string) {
				t.Helper()
				output := terraform.succeeds(t, append([]string{"apply", "-auto-approve"}, options...)...)
				createdFirst = createdFirst || strings.Contains(output, settingsKept)
				gitlab.isOnWithOneKey(t, terraform, 1)
			}
			apply()
			apply(settings)
			apply(key)
			apply(settings, key)
			if createdFirst != (order == "settings first") {
				t.Errorf("settings created before their predecessor is destroyed: %t", createdFirst)
			}
			// Renamed blocks without moved blocks: without a dependency, Terraform chooses what comes first.
			terraform.write(t, "main.tf", strings.NewReplacer(`"web" {`, `"renamed" {`, ".web", ".renamed").Replace(requiredProviders+webConfig(order)))
			apply()
			if output := terraform.succeeds(t, "plan"); !strings.Contains(output, "No changes") {
				t.Errorf("the plan after it is not empty:\n%s", output)
			}
			// Switched off outside, and back on.
			gitlab.SetSettings(1, &gitlabsim.Settings{Integrated: true})
			apply()
			terraform.succeeds(t, "destroy", "-auto-approve")
			// Settings that were created first found Terraform's own values, and the warning said so.
			if row, ok := gitlab.Settings(1); !ok || row.Active != createdFirst || len(gitlab.Keys(1)) > 0 {
				t.Errorf("project 1 has the settings %+v and the keys %+v; settings were created first: %t", row, gitlab.Keys(1), createdFirst)
			}
		})
	}
}

// An index that shifts moves each project's settings to another instance: they stay on.
func TestSettingsResource_shiftedIndex(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	scenario.Projects = append(scenario.Projects, gitlabsim.Project{ID: 3, Path: "acme/api"})
	gitlab := startTestbed(t, scenario)
	config := func(projects string) string {
		return requiredProviders + fmt.Sprintf(`
locals { projects = %s }
resource "gitlab_error_tracking_settings" "test" {
  count      = length(local.projects)
  project    = local.projects[count.index]
  active     = true
  integrated = true
}
resource "gitlab_error_tracking_client_key" "test" {
  count   = length(local.projects)
  project = gitlab_error_tracking_settings.test[count.index].project
  lifecycle { create_before_destroy = true }
}
`, projects)
	}
	terraform := newCommandLine(t, gitlab, "")
	terraform.write(t, "main.tf", config(`["1", "2", "3"]`))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", config(`["2", "3"]`))
	terraform.succeeds(t, "apply", "-auto-approve")
	gitlab.isOff(t, 1)
	gitlab.isOnWithOneKey(t, terraform, 2)
	gitlab.isOnWithOneKey(t, terraform, 3)
}

// restore sets back what Terraform changed and nothing else, so that it works while the feature flag is off.
func TestSettingsResource_restoreFlagOff(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	off := false
	scenario.IntegratedErrorTracking = &off
	scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
	scenario.Projects[0].ClientKeys = gitlabsim.MakeKeys(1)
	gitlab := startTestbed(t, scenario)
	terraform := newCommandLine(t, gitlab, settingsConfig("acme/web", "active = false\n  on_destroy = \"restore\""))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.succeeds(t, "apply", "-refresh-only", "-auto-approve")
	terraform.succeeds(t, "destroy", "-auto-approve")
	if row, _ := gitlab.Settings(1); !row.Active || !row.Integrated {
		t.Errorf("the settings are %+v, want those from before", row)
	}
}

// With the flag off, a Sentry that the settings show stays as it is.
func TestSettingsResource_sentryFlagOff(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	off := false
	scenario.IntegratedErrorTracking = &off
	sentry := gitlabsim.Settings{Active: true, APIURL: new("https://sentry.example.com/api/0/projects/o/p/")}
	scenario.Projects[0].Settings = &sentry
	gitlab := startTestbed(t, scenario)
	terraform := newCommandLine(t, gitlab, settingsConfig("acme/web", "active = true\n  integrated = true"))
	terraform.fails(t, []string{"Unable to save error tracking settings", "Project acme/web: ", "feature flag integrated_error_tracking is disabled"}, "apply", "-auto-approve")
	if row, _ := gitlab.Settings(1); !row.Active || row.Integrated || len(gitlab.Keys(1)) > 0 {
		t.Errorf("the settings are %+v with the keys %v, want them untouched", row, gitlab.Keys(1))
	}
}

// A first apply that fails leaves nothing in the state when nothing can have been stored, and otherwise what was found.
func TestSettingsResource_failedFirstApply(t *testing.T) {
	t.Parallel()
	config := settingsConfig("acme/web", "active = true\n  on_destroy = \"restore\"")
	before := gitlabsim.Settings{Integrated: true}
	for name, test := range map[string]struct {
		title  string
		faults []gitlabsim.Fault
		stored bool
	}{
		"read fails":               {title: gitlabUnavailable, faults: []gitlabsim.Fault{{Method: "GET", Path: "/projects/1/error_tracking/settings", Status: 502}}},
		"write refused":            {title: unableToSaveSettings, faults: []gitlabsim.Fault{{Method: "PATCH", Path: "/*", Status: 403, Body: `{"message":"403 Forbidden"}`}}},
		"write fails, not done":    {title: gitlabUnavailable, faults: []gitlabsim.Fault{{Method: "PATCH", Path: "/*", Status: 502}}},
		"write done, no look":      {title: unableToSaveSettings, faults: []gitlabsim.Fault{{Method: "PATCH", Path: "/*", Status: 502, After: true}}, stored: true},
		"write done, then refused": {title: unableToSaveSettings, faults: []gitlabsim.Fault{{Method: "PATCH", Path: "/*", Drop: true, After: true, Times: 1}, {Method: "PATCH", Path: "/*", Status: 429}}, stored: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := twoProjects()
			scenario.Projects[0].Settings, scenario.Faults = &before, test.faults
			gitlab := startTestbed(t, scenario)
			front := gitlab.URL()
			if test.stored {
				front = blindAfterWrite(t, gitlab)
			}
			terraform := newCommandLine(t, gitlab, fmt.Sprintf("provider \"gitlab\" {\n  base_url = %q\n  retries = 1\n}\n", front)+config)
			terraform.fails(t, []string{test.title, "Project acme/web: "}, "apply", "-auto-approve")
			if objects := terraform.objectsInState(t); (len(objects) > 0) != test.stored || test.stored && objects[0]["integrated"] != true {
				t.Errorf("the state has the objects %v", objects)
			}
			terraform.write(t, "main.tf", requiredProviders+config)
			gitlab.ClearFaults()
			terraform.succeeds(t, "destroy", "-auto-approve")
			if row, _ := gitlab.Settings(1); row.Active || !row.Integrated {
				t.Errorf("after the destroy the settings are %+v, want %+v", row, before)
			}
		})
	}
}

// blindAfterWrite stands in front of a GitLab and, from the first PATCH on, refuses to show settings.
func blindAfterWrite(t *testing.T, gitlab *testbed) (address string) {
	t.Helper()
	target, err := url.Parse(gitlab.URL())
	if err != nil {
		t.Fatal(err)
	}
	hop := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	var written atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if written.Load() && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/settings") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if r.Method == http.MethodPatch {
			written.Store(true)
		}
		hop.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// The plan of new settings says what they change of those that the project has, and not where nothing changes, or the plan
// shows it. It costs a request for each new resource, and the apply reads nothing twice.
func TestSettingsResource_existing(t *testing.T) {
	t.Parallel()
	sentry := gitlabsim.Settings{Active: true, APIURL: new("https://sentry.example.com/api/0/projects/o/p/")}
	for name, test := range map[string]struct {
		before    *gitlabsim.Settings
		project   string
		arguments string
		imported  bool
		says      []string
	}{
		"none":                      {nil, "acme/web", "active = true", false, nil},
		"as wanted":                 {&gitlabsim.Settings{Active: true, Integrated: true}, "1", "active = true", false, nil},
		"switched off":              {&gitlabsim.Settings{Integrated: true}, "acme/web", "active = true", false, []string{"error tracking settings: active = false, integrated = true. The apply will set active = true.\n\n"}},
		"Sentry":                    {&sentry, "1", "active = true\n  integrated = true", false, []string{"active = true, integrated = false. The apply will set active = true, integrated = true.", "no longer show the errors of the Sentry project"}},
		"Sentry, both":              {&gitlabsim.Settings{APIURL: sentry.APIURL}, "acme/web", "active = true\n  integrated = true", false, []string{"active = false, integrated = false. The apply will set active = true, integrated = true.", "Sentry project"}},
		"Sentry stays":              {&sentry, "1", "active = false", false, []string{"active = true, integrated = false. The apply will set active = false.\n\n"}},
		"imported":                  {&sentry, "acme/web", "active = true\n  integrated = true", true, nil},
		"integrated, Sentry wanted": {&gitlabsim.Settings{Active: true, Integrated: true, APIURL: sentry.APIURL}, "acme/web", "active = true\n  integrated = false", false, []string{"active = true, integrated = true. The apply will set active = true, integrated = false.\n\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := twoProjects()
			scenario.Projects[0].Settings = test.before
			gitlab := startTestbed(t, scenario)
			terraform := newCommandLine(t, gitlab, settingsConfig(test.project, test.arguments))
			if test.imported {
				terraform.succeeds(t, "import", settingsAddress, "1")
			}
			gitlab.ClearRequests()
			gitlab.warnings.take()
			terraform.succeeds(t, "plan")
			warned := strings.Join(gitlab.warnings.take(), "\n")
			if got := strings.Count(warned, settingsWillChange); got != len(test.says[:min(1, len(test.says))]) {
				t.Errorf("%d warnings:\n%s", got, warned)
			}
			for _, text := range test.says {
				if !strings.Contains(warned, text) {
					t.Errorf("no warning says %q:\n%s", text, warned)
				}
			}
			reads := strings.Count(strings.Join(gitlab.requests(), "\n"), "/settings")
			gitlab.ClearRequests()
			terraform.succeeds(t, "apply", "-auto-approve")
			if again := strings.Count(strings.Join(gitlab.requests(), "\n"), "GET /projects/1/error_tracking/settings"); reads != 1 || again > 2 {
				t.Errorf("the plan read the settings %d times, plan and apply together %d times", reads, again)
			}
			if output := terraform.succeeds(t, "plan", "-replace="+settingsAddress); strings.Contains(output, settingsWillChange) {
				t.Errorf("a replacement warns:\n%s", output)
			}
		})
	}
}

// New settings beside a key that is managed already: the refresh of the key is no refresh of the settings, so the plan still
// has to say that it disconnects a Sentry.
func TestSettingsPlan_warnsBesideAManagedKey(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	url := "https://sentry.example.com/api/0/projects/o/p/"
	scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, APIURL: &url}
	terraform := newCommandLine(t, startTestbed(t, scenario), clientKeyConfig("acme/web", ""))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", requiredProviders+clientKeyConfig("acme/web", "")+settingsConfig("acme/web", "active = true\n  integrated = true\n  depends_on = ["+clientKeyAddress+"]"))
	once(t, terraform.succeeds(t, "plan"), "Warning: "+settingsWillChange, 1)
}

// The apply of a replacement finds the settings as the first half has left them. That is no news to the user.
func TestSettingsApply_noFalseAlarmAfterReplace(t *testing.T) {
	t.Parallel()
	terraform := newCommandLine(t, startTestbed(t, twoProjects()), settingsConfig("acme/web", "active = true"))
	terraform.succeeds(t, "apply", "-auto-approve")
	once(t, terraform.succeeds(t, "apply", "-auto-approve", "-replace="+settingsAddress), "Warning: "+settingsWillChange, 0)
}

// Settings that move to a project which has a Sentry: the plan has to say that it disconnects it. (Engines drop the warnings
// of the second plan of a replacement, so the first one must give it.)
func TestSettingsPlan_warnsOfTheProjectItMovesTo(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	url := "https://sentry.example.com/api/0/projects/o/p/"
	scenario.Projects[1].Settings = &gitlabsim.Settings{Active: true, APIURL: &url}
	terraform := newCommandLine(t, startTestbed(t, scenario), settingsConfig("acme/web", "active = true\n  integrated = true"))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", requiredProviders+settingsConfig("acme/shop", "active = true\n  integrated = true"))
	once(t, terraform.succeeds(t, "plan"), "Warning: "+settingsWillChange, 1)
}

// What helps a save does not help a restore: the way out is the only advice, and it leads out.
func TestSettingsResource_destroyRefused(t *testing.T) {
	t.Parallel()
	sentry := gitlabsim.Settings{Active: true, Integrated: true, APIURL: new("https://sentry.example.com/api/0/projects/o/p/")}
	block := func(gitlab *testbed) {
		gitlab.SetSettings(1, &gitlabsim.Settings{Active: true, APIURL: new("http://localhost/api/0/projects/o/p/")})
	}
	for name, test := range map[string]struct {
		onDestroy string
		refuse    func(*testbed)
		kind      error
	}{
		"flag off":                             {onDestroyRestore, func(gitlab *testbed) { gitlab.SetFlag(1, false) }, errortracking.ErrFlagDisabled},
		"Sentry on a blocked host":             {onDestroyRestore, block, errortracking.ErrSentryBlocked},
		"Sentry on a blocked host, deactivate": {onDestroyDeactivate, block, errortracking.ErrSentryBlocked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := twoProjects()
			scenario.Projects[0].Settings = &sentry
			gitlab := startTestbed(t, scenario)
			config := func(onDestroy string) string {
				return settingsConfig("acme/web", "active = true\n  integrated = false\n  on_destroy = \""+onDestroy+"\"")
			}
			terraform := newCommandLine(t, gitlab, config(test.onDestroy))
			terraform.succeeds(t, "apply", "-auto-approve")
			test.refuse(gitlab)
			output, err := terraform.run(t, "destroy", "-auto-approve")
			if err == nil || !hasInOrder(output, "Error: Unable to apply on_destroy", adviceOn[test.kind].cause, stopManaging) || hasInOrder(output, adviceOn[test.kind].cure) {
				t.Errorf("destroy ended with %v\n%s", err, output)
			}
			terraform.goesTo(t, config(onDestroyKeep), "0 added, 1 changed, 0 destroyed")
			terraform.destroy(t)
			passes(t, gitlab.hasSettings(1, true, false))
		})
	}
}
