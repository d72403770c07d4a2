package provider

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/google/go-cmp/cmp"
)

func TestProject_invalid(t *testing.T) {
	t.Parallel()
	for project, want := range map[string][]string{
		"":                                  {"Invalid project", "it is empty", "acme/web"},
		"https://gitlab.example.com/acme/w": {"Invalid project", "is a URL", "acme/web"},
		"/acme/web":                         {"Invalid project", "begins with a slash", "acme/web"},
		"acme/my web":                       {"Invalid project", "contains a space", "acme/web"},
		" 42":                               {"Invalid project", "contains a space", "acme/web"},
	} {
		t.Run(project, func(t *testing.T) {
			t.Parallel()
			terraform := newCommandLine(t, startTestbed(t, twoProjects()), settingsConfig(project, "active = true")+clientKeyConfig(project, "")+settingsDataConfig(project))
			output, err := terraform.run(t, "validate")
			messages := strings.Split(output, "Error: ")[1:]
			if err == nil || len(messages) != 3 {
				t.Errorf("%v, want an error for each of three objects:\n%s", err, output)
			}
			for _, message := range messages {
				if !hasInOrder(message, want...) {
					t.Errorf("the error does not say %q:\n%s", want, message)
				}
			}
		})
	}
}

// bothConfig is settings and a key of one project, given as an HCL expression. The key comes after the settings, so that its ID
// is known.
func bothConfig(project, active string) string {
	return strings.ReplaceAll(settingsConfig("PROJECT", "active = "+active)+clientKeyConfig("PROJECT", "depends_on = ["+settingsAddress+"]"), `"PROJECT"`, project)
}

// The ID instead of the path is the same project, a path that leads nowhere an error, and another project a replacement.
func TestProject_changes(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, keyScenario())
	terraform := newCommandLine(t, gitlab, "")
	terraform.goesTo(t, bothConfig(`"acme/web"`, "true"), "2 added, 0 changed, 0 destroyed")
	passes(t, gitlab.hasKeys(1, 7, 8, 11), gitlab.wrote(append(savedWithoutKey("PUT", 1, 10), "POST "+keysPath)...))
	terraform.goesTo(t, bothConfig(`"1"`, "true"), "0 added, 0 changed, 0 destroyed")
	terraform.hasInState(t, gitlab.clientKeyObject("acme/web", 1, 11), settingsObject)
	terraform.write(t, "main.tf", requiredProviders+clientKeyConfig("acme/wbe", ""))
	terraform.fails(t, []string{"Unable to find project", "Project acme/wbe: ", "404 Project Not Found"}, "apply", "-auto-approve", "-target="+clientKeyAddress)
	passes(t, gitlab.wrote(), gitlab.warned("Project not found\nProject acme/wbe: "))
	terraform.goesTo(t, bothConfig(`"acme/shop"`, "true"), "2 added, 0 changed, 2 destroyed")
	terraform.hasInState(t, gitlab.clientKeyObject("acme/shop", 2, 13), settingsObject.with(object{"id": "2", "project": "acme/shop", "project_id": 2}))
	passes(t,
		gitlab.wrote(append(savedWithoutKey("PUT", 2, 12), "PATCH "+settingsPath, "DELETE "+keysPath+"/11", "POST /projects/2/error_tracking/client_keys")...),
		gitlab.hasKeys(1, 7, 8), gitlab.hasKeys(2, 9, 13), gitlab.hasSettings(1, false, true), gitlab.hasSettings(2, true, true),
	)
}

// A project that is known when the plan is applied, and turns out to be the same one, changes nothing in GitLab.
func TestProject_unknown(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, keyScenario())
	terraform := newCommandLine(t, gitlab, "")
	config := func(written string) string {
		return bothConfig("terraform_data.project.output", "true") + fmt.Sprintf("resource \"terraform_data\" \"project\" {\n  input = %q\n}\n", written)
	}
	terraform.goesTo(t, config("acme/web"), "3 added, 0 changed, 0 destroyed")
	gitlab.ClearRequests()
	// The plan cannot tell, and what it plans to update is as it was.
	if output := terraform.goesTo(t, config("1"), "0 added, 1 changed, 0 destroyed"); !strings.Contains(output, "Plan: 0 to add, 3 to change, 0 to destroy.") {
		t.Errorf("the plan is not of updates in place:\n%s", output)
	}
	for _, want := range []object{gitlab.clientKeyObject("acme/web", 1, 11), settingsObject} {
		if all := jsonText(terraform.objectsInState(t)); !strings.Contains(strings.Join(strings.Fields(all), ""), strings.Join(strings.Fields(jsonText(want)), "")) {
			t.Errorf("the state does not have %v:\n%s", want, all)
		}
	}
	passes(t, gitlab.wrote(), gitlab.hasKeys(1, 7, 8, 11))
}

// A renamed project is updated through the old path, and the new one is an update in place.
func TestProject_followsARename(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, keyScenario())
	terraform := newCommandLine(t, gitlab, "")
	terraform.goesTo(t, bothConfig(`"acme/web"`, "true"), "2 added, 0 changed, 0 destroyed")
	gitlab.MoveProject(1, "acme/website")
	terraform.goesTo(t, bothConfig(`"acme/web"`, "false"), "0 added, 1 changed, 0 destroyed")
	passes(t, gitlab.hasSettings(1, false, true))
	terraform.goesTo(t, bothConfig(`"acme/website"`, "false"), "0 added, 2 changed, 0 destroyed")
	terraform.hasInState(t, gitlab.clientKeyObject("acme/website", 1, 11), settingsObject.with(object{"project": "acme/website", "active": false}))
	terraform.destroy(t)
	passes(t, gitlab.hasKeys(1, 7, 8))
}

// What changes outside is planned, and what is gone is made anew. A new DSN is no change.
func TestDrift(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, keyScenario())
	terraform, config := newCommandLine(t, gitlab, ""), bothConfig(`"acme/web"`, "true")
	terraform.goesTo(t, config, "2 added, 0 changed, 0 destroyed")
	gitlab.SetDSNBaseURL("https://observe.example.com:8443")
	terraform.goesTo(t, config, "0 added, 0 changed, 0 destroyed")
	terraform.hasInState(t, gitlab.clientKeyObject("acme/web", 1, 11), settingsObject)
	gitlab.SetSettings(1, &gitlabsim.Settings{Active: false, Integrated: true})
	gitlab.RemoveKey(1, 11)
	terraform.goesTo(t, config, "1 added, 1 changed, 0 destroyed") // A temporary key was 12.
	terraform.hasInState(t, gitlab.clientKeyObject("acme/web", 1, 13), settingsObject)
	passes(t, gitlab.hasSettings(1, true, true), gitlab.hasKeys(1, 7, 8, 13))
	gitlab.SetSettings(1, nil)
	terraform.goesTo(t, config, "1 added, 0 changed, 0 destroyed")
	terraform.hasInState(t, gitlab.clientKeyObject("acme/web", 1, 13), settingsObject)
	passes(t, gitlab.hasSettings(1, true, true))
	// A key that is gone between the refresh of a destroy and the request was destroyed.
	gitlab.AddFault(gitlabsim.Fault{Method: "DELETE", Path: "/*", Status: 500, After: true, Times: 1})
	terraform.destroy(t)
	passes(t, gitlab.hasKeys(1, 7, 8))
}

// Objects of a project that can no longer be seen stay in the state, and a destroy forgets them.
func TestProject_notVisible(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, keyScenario())
	terraform, config := newCommandLine(t, gitlab, ""), bothConfig(`"acme/web"`, "true")
	terraform.goesTo(t, config, "2 added, 0 changed, 0 destroyed")
	seen := terraform.objectsInState(t)
	gitlab.SetRole(maintainer, 1, "")
	terraform.goesTo(t, config, "0 added, 0 changed, 0 destroyed")
	terraform.hasInState(t, seen...)
	passes(t, gitlab.warned("Project no longer visible\nProject acme/web: "))
	gitlab.RemoveProject(1)
	terraform.destroy(t)
	passes(t, gitlab.warned("The settings were removed from the state.", "Client key 11 was removed from the state."))
}

// A path that another project has taken plans a replacement that converges.
func TestProject_recreated(t *testing.T) {
	t.Parallel()
	for _, order := range orders {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, twoProjects())
			terraform := newCommandLine(t, gitlab, webConfig(order))
			terraform.succeeds(t, "apply", "-auto-approve")
			gitlab.RemoveProject(1)
			gitlab.AddProject(gitlabsim.Project{ID: 9, Path: "acme/web"})
			output := terraform.succeeds(t, "plan", "-out=saved.tfplan")
			if !hasInOrder(output, "Plan: 2 to add, 0 to change, 2 to destroy", "Different project", "Project acme/web is now project 9, but this resource is in project 1", `project = "1"`, "The token cannot see project 1") {
				t.Errorf("the plan is not of two replacements with a warning:\n%s", output)
			}
			terraform.succeeds(t, "apply", "saved.tfplan")
			gitlab.isOnWithOneKey(t, terraform, 9)
			if output := terraform.succeeds(t, "plan"); !strings.Contains(output, "No changes") {
				t.Errorf("the plan after it is not empty:\n%s", output)
			}
		})
	}
}

// A path that is taken between a plan and its apply stops the apply, and the next run plans the replacement.
func TestProject_recreatedAfterPlan(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	terraform := newCommandLine(t, gitlab, clientKeyConfig("acme/web", ""))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", requiredProviders+clientKeyConfig("acme/web", `keepers = { rotated = "2026-11" }`))
	terraform.succeeds(t, "plan", "-out=saved.tfplan")
	gitlab.MoveProject(1, "acme/old")
	gitlab.AddProject(gitlabsim.Project{ID: 9, Path: "acme/web"})
	terraform.fails(t, []string{"Different project", "Project acme/web is now project 9", "Nothing was changed", "Plan again, with a refresh"}, "apply", "saved.tfplan")
	if keys := gitlab.Keys(1); len(keys) != 1 {
		t.Errorf("project 1 has the keys %v", keys)
	}
	if output := terraform.succeeds(t, "plan"); !strings.Contains(output, "1 to add, 0 to change, 1 to destroy") {
		t.Errorf("the next plan is not of a replacement:\n%s", output)
	}
}

// A project that is unknown in the plan and turns out to be another one stops the apply before anything is changed.
func TestProject_unknownAndAnother(t *testing.T) {
	t.Parallel()
	config := func(project string) string {
		return requiredProviders + fmt.Sprintf(`
resource "terraform_data" "id" {
  input = %q
}
resource "gitlab_error_tracking_client_key" "test" {
  count   = 3
  project = terraform_data.id.output
}
`, project)
	}
	for _, spelling := range []string{"2", "acme/shop"} {
		t.Run(spelling, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, twoProjects())
			terraform := newCommandLine(t, gitlab, "")
			terraform.write(t, "main.tf", config("acme/web"))
			terraform.succeeds(t, "apply", "-auto-approve")
			before := gitlab.Keys(1)
			terraform.write(t, "main.tf", config(spelling))
			terraform.fails(t, []string{"Different project", "Nothing was changed"}, "apply", "-auto-approve")
			if diff := cmp.Diff(before, gitlab.Keys(1)); diff != "" {
				t.Errorf("keys of project 1 (-want +got):\n%s", diff)
			}
			terraform.succeeds(t, "apply", "-auto-approve")
			if len(gitlab.Keys(1)) != 0 || len(gitlab.Keys(2)) != 3 {
				t.Errorf("project 1 has the keys %v, project 2 %v", gitlab.Keys(1), gitlab.Keys(2))
			}
		})
	}
}

// While a project cannot be seen, nothing in it is replaced, and nothing goes from the state.
func TestProject_hidden(t *testing.T) {
	t.Parallel()
	for name, projects := range map[string][2]string{"path": {"acme/web", "1"}, "ID": {"1", "acme/web"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			project, respelled := projects[0], projects[1]
			gitlab := startTestbed(t, twoProjects())
			terraform := newCommandLine(t, gitlab, clientKeyConfig(project, `keepers = { rotated = "1" }`))
			terraform.succeeds(t, "apply", "-auto-approve")
			key := terraform.keysInState(t)
			gitlab.SetRole(maintainer, 1, "")
			terraform.succeeds(t, "apply", "-auto-approve")
			want := []string{"Unable to create or replace resource", "Project " + project + ": The token cannot see the project"}
			terraform.fails(t, want, "plan", "-replace="+clientKeyAddress)
			terraform.write(t, "main.tf", requiredProviders+clientKeyConfig(project, `keepers = { rotated = "2" }`))
			terraform.fails(t, want, "apply", "-auto-approve")
			terraform.write(t, "main.tf", requiredProviders+clientKeyConfig(respelled, `keepers = { rotated = "1" }`))
			output, err := terraform.run(t, "plan", "-replace="+clientKeyAddress)
			if err == nil || !strings.Contains(output, ": The token cannot see the project") {
				t.Errorf("ended with %v:\n%s", err, output)
			}
			once(t, output, "Error: "+unableToReplace, 1)
			terraform.write(t, "main.tf", requiredProviders+clientKeyConfig("${terraform_data.project.output}", `keepers = { rotated = "2" }`)+
				fmt.Sprintf("resource \"terraform_data\" \"project\" {\n  input = %q\n}\n", respelled))
			terraform.fails(t, want, "plan")
			if diff := cmp.Diff(key, terraform.keysInState(t)); diff != "" || len(gitlab.Keys(1)) != 1 {
				t.Errorf("GitLab has the keys %v; keys in the state (-want +got):\n%s", gitlab.Keys(1), diff)
			}
		})
	}
}

// A mock provider makes up what other resources compute, so a mocked plan has project names that no project has.
func TestProject_mocked(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.7")
	gitlab := startTestbed(t, twoProjects())
	config := settingsConfig("acme/web", "active = true") + `
resource "gitlab_error_tracking_client_key" "test" {
  project = gitlab_error_tracking_settings.test.id
}
resource "gitlab_error_tracking_client_key" "number" {
  project = gitlab_error_tracking_settings.test.project_id
}
`
	terraform := newCommandLine(t, gitlab, config)
	terraform.write(t, "mock.tftest.hcl", `
mock_provider "gitlab" {}
run "plan" {
  command = plan
}
run "apply" {}
`)
	if output, err := terraform.run(t, "test"); err != nil || !strings.Contains(output, "2 passed, 0 failed") {
		t.Errorf("%v\n%s", err, output)
	}
	if requests := gitlab.Requests(); len(requests) > 0 {
		t.Errorf("the mock asked GitLab: %v", requests)
	}
}

// An old path gets a warning with the new one, for a new object and for one that exists.
func TestProject_renamed(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	gitlab.MoveProject(1, "acme/site")
	terraform := newCommandLine(t, gitlab, clientKeyConfig("acme/web", ""))
	for _, want := range []string{"Plan: 1 to add, 0 to change, 0 to destroy", "No changes"} {
		output := terraform.succeeds(t, "plan")
		if !strings.Contains(output, want) || !hasInOrder(output, "Project has moved", "Project acme/web has moved to acme/site", `project = "acme/site"`) {
			t.Errorf("want %q with a warning:\n%s", want, output)
		}
		terraform.succeeds(t, "apply", "-auto-approve")
	}
	terraform.write(t, "main.tf", requiredProviders+clientKeyConfig("acme/site", ""))
	if output := terraform.succeeds(t, "plan"); !strings.Contains(output, "Plan: 0 to add, 1 to change, 0 to destroy") || strings.Contains(output, "has moved to") {
		t.Errorf("want an update in place without a warning:\n%s", output)
	}
	if len(gitlab.Keys(1)) != 1 {
		t.Errorf("project 1 has the keys %v", gitlab.Keys(1))
	}
}

// An object whose path no longer leads anywhere is read, updated and destroyed in its project.
func TestProject_pathLeadsNowhere(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	config := func(active bool, keepers string) string {
		return settingsConfig("acme/web", fmt.Sprintf("active = %t", active)) + clientKeyConfig("acme/web", keepers+"\n  depends_on = ["+settingsAddress+"]")
	}
	terraform := newCommandLine(t, gitlab, config(true, ""))
	terraform.succeeds(t, "apply", "-auto-approve")
	key := gitlab.Keys(1)
	gitlab.MoveProject(1, "acme/site")
	gitlab.AddProject(gitlabsim.Project{ID: 9, Path: "acme/web"})
	gitlab.RemoveProject(9)
	output := terraform.succeeds(t, "plan", "-detailed-exitcode")
	if !hasInOrder(output, "Project not found", "Project acme/web: ", "404 Project Not Found", "The resource stays in project 1") {
		t.Errorf("the plan does not warn:\n%s", output)
	}
	terraform.write(t, "main.tf", requiredProviders+config(false, "keepers = {}"))
	if output := terraform.succeeds(t, "apply", "-auto-approve"); !strings.Contains(output, "0 added, 2 changed, 0 destroyed") {
		t.Errorf("want two updates in place:\n%s", output)
	}
	if stored, existed := gitlab.Settings(1); !existed || stored.Active {
		t.Errorf("GitLab has %+v, want inactive settings", stored)
	}
	if diff := cmp.Diff(key, gitlab.Keys(1)); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	terraform.destroy(t)
	gitlab.isOff(t, 1)
}

// A project that neither the plan nor the plan of the apply finds is asked for once more when an object is created in it.
func TestProject_foundInTheLastMoment(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	gitlab.AddFault(gitlabsim.Fault{Path: "/projects/acme%2Fweb", Status: 404, Body: `{"message":"404 Project Not Found"}`, Times: 2})
	terraform := newCommandLine(t, gitlab, bothConfig(`"acme/web"`, "true"))
	terraform.succeeds(t, "apply", "-auto-approve")
	gitlab.isOnWithOneKey(t, terraform, 1)
	terraform.changesNothing(t)
}

// A project that is unknown in the plan and turns out to be none stops the apply.
func TestProject_unknownAndNone(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.4")
	config := func(project string) string {
		return requiredProviders + "resource \"terraform_data\" \"project\" {\n  input = \"" + project + "\"\n}\n" + clientKeyConfig("${terraform_data.project.output}", "")
	}
	terraform := newCommandLine(t, startTestbed(t, twoProjects()), "")
	terraform.write(t, "main.tf", config("acme/web"))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", config("acme/none"))
	terraform.fails(t, []string{"Error: Unable to find project", "Project acme/none: "}, "apply", "-auto-approve")
}

// The refresh warns of a project that the token cannot see, and the plan does not say so again.
func TestProject_hiddenIsSaidOnce(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	terraform := newCommandLine(t, gitlab, clientKeyConfig("acme/web", ""))
	terraform.succeeds(t, "apply", "-auto-approve")
	gitlab.SetRole(maintainer, 1, "")
	output := terraform.succeeds(t, "plan")
	once(t, output, "Warning: "+projectNotVisible, 1)
	once(t, output, "Warning: "+projectNotFound, 0)
}

// An import writes the path, though the configuration has the ID. When the project gets another path, the state takes the ID,
// or what refers to the state would go on with the old path.
func TestProject_renamedAfterImport(t *testing.T) {
	t.Parallel()
	scenario := keyScenario()
	scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
	gitlab := startTestbed(t, scenario)
	terraform := newCommandLine(t, gitlab, settingsConfig("1", "active = true")+clientKeyConfig("${"+settingsAddress+".project}", ""))
	terraform.succeeds(t, "import", settingsAddress, "1")
	terraform.succeeds(t, "import", clientKeyAddress, "1:8")
	terraform.applyTwice(t)
	if state := terraform.succeeds(t, "state", "show", clientKeyAddress); !strings.Contains(state, `"acme/web"`) {
		t.Errorf("the import did not write the path:\n%s", state)
	}
	gitlab.MoveProject(1, "acme/site")
	output := terraform.succeeds(t, "apply", "-auto-approve")
	if !strings.Contains(output, "0 added, 2 changed, 0 destroyed") || strings.Contains(output, "acme/site") {
		t.Errorf("want both objects to take the ID, without a warning:\n%s", output)
	}
	if output := terraform.succeeds(t, "plan"); !strings.Contains(output, "No changes") {
		t.Errorf("after the apply:\n%s", output)
	}
}

// The pages of both resources have a table of what project leads to, and it says what a plan does.
func TestProject_documented(t *testing.T) {
	t.Parallel()
	does := func(output string) string {
		added := strings.Contains(output, "1 to add")
		switch {
		case added && strings.Contains(output, "1 to destroy") && strings.Contains(output, "Warning: "+differentProject):
			return "replaced, with a warning"
		case added && strings.Contains(output, "Warning: "+projectNotFound):
			return "planned with a warning"
		case added:
			return "created"
		case strings.Contains(output, "Warning: "+projectNotFound) && strings.Contains(output, "0 to destroy"):
			return "kept where it is, with a warning"
		case strings.Contains(output, "Warning: "+projectMoved) && strings.Contains(output, "No changes"):
			return "kept, with a warning that gives the new path"
		case strings.Contains(output, "No changes"):
			return "kept; the plan shows no change"
		}
		return "neither"
	}
	for kind, config := range map[string]func(project string) string{
		"settings":   func(project string) string { return settingsConfig(project, "active = true") },
		"client_key": func(project string) string { return clientKeyConfig(project, "") },
	} {
		page, err := os.ReadFile("../../templates/resources/error_tracking_" + kind + ".md.tmpl")
		if err != nil {
			t.Fatal(err)
		}
		rows := map[string]string{}
		for line := range strings.Lines(string(page)) {
			if cells := strings.Split(line, " | "); len(cells) == 2 {
				rows[strings.TrimPrefix(cells[0], "| ")] = cells[1]
			}
		}
		for leads, projects := range map[string][]string{
			"the project in the state, also by ID or with different capitalization": {"acme/web", "1", "ACME/Web"},
			"that project through an old path":                                      {"acme/old"},
			"another project":                                                       {"acme/shop", "2"},
			"no project that the token can see":                                     {"acme/none"},
		} {
			for _, project := range projects {
				t.Run(kind+" "+project, func(t *testing.T) {
					t.Parallel()
					gitlab := startTestbed(t, twoProjects())
					gitlab.MoveProject(1, "acme/old")
					gitlab.MoveProject(1, "acme/web")
					terraform := newCommandLine(t, gitlab, config(project))
					created := does(terraform.succeeds(t, "plan"))
					first := "acme/web"
					if project == "acme/old" {
						first = project
					}
					terraform.write(t, "main.tf", requiredProviders+config(first))
					terraform.succeeds(t, "apply", "-auto-approve")
					terraform.write(t, "main.tf", requiredProviders+config(project))
					existing := does(terraform.succeeds(t, "plan"))
					if row := rows[leads]; !strings.HasPrefix(row, existing) {
						t.Errorf("%s: the page says %q, the plan does %q", leads, row, existing)
					}
					wantCreated := "created"
					if project == "acme/none" {
						wantCreated = "planned with a warning"
					}
					if text := strings.Join(strings.Fields(string(page)), " "); created != wantCreated || !strings.Contains(text, " is "+created) {
						t.Errorf("%s: the plan of a new resource does %q, want %q, which the page has to say", leads, created, wantCreated)
					}
				})
			}
		}
	}
}

// With ignore_changes the plan of an object sees the project of the state, and the plan of its replacement that of the
// configuration. Another project has taken the path: the advice is followed half, and nothing is deleted.
func TestProject_ignoreChanges(t *testing.T) {
	t.Parallel()
	for _, ignored := range []string{"all", "[project]", "[keepers]"} {
		for address, config := range map[string]string{
			clientKeyAddress: clientKeyConfig("PROJECT", "keepers = { a = \"1\" }\n  lifecycle { ignore_changes = IGNORED }"),
			settingsAddress:  settingsConfig("PROJECT", "active = true\n  lifecycle { ignore_changes = IGNORED }"),
		} {
			if address == settingsAddress && ignored == "[keepers]" {
				continue
			}
			t.Run(ignored+" "+address, func(t *testing.T) {
				t.Parallel()
				gitlab := startTestbed(t, twoProjects())
				terraform := newCommandLine(t, gitlab, "")
				write := func(project string) {
					terraform.write(t, "main.tf", requiredProviders+strings.NewReplacer("PROJECT", project, "IGNORED", ignored).Replace(config))
				}
				write("acme/web")
				terraform.succeeds(t, "apply", "-auto-approve")
				gitlab.MoveProject(1, "acme/site")
				gitlab.AddProject(gitlabsim.Project{ID: 9, Path: "acme/web"})
				keys := gitlab.keyIDs(1)
				if output := terraform.succeeds(t, "plan"); !hasInOrder(output, "1 to add, 0 to change, 1 to destroy", "Project acme/web is now project 9", `set project = "1"`, "ignore_changes") {
					t.Errorf("the plan does not say how to keep the resource:\n%s", output)
				}
				write("1")
				if ignored == "[keepers]" {
					terraform.succeeds(t, "apply", "-auto-approve")
				} else {
					terraform.fails(t, []string{"Error: Different project", "ignore_changes keeps the path", "Nothing was changed", "remove project from ignore_changes"}, "apply", "-auto-approve")
					write("acme/shop")
					terraform.fails(t, []string{"Error: Different project", "ignore_changes keeps the path"}, "apply", "-auto-approve")
				}
				row, _ := gitlab.Settings(1)
				if !slices.Equal(gitlab.keyIDs(1), keys) || len(gitlab.Keys(9))+len(gitlab.Keys(2)) > 0 || row.Active != (address == settingsAddress) {
					t.Errorf("project 1 has the settings %+v and the keys %v, want %v; project 9 has %v", row, gitlab.keyIDs(1), keys, gitlab.keyIDs(9))
				}
			})
		}
	}
}

// An import and a replacement meet in one plan: the first half deletes the imported key, and nothing is left to do.
func TestReplacement_ofAnImportedKey(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.5")
	gitlab := startTestbed(t, keyScenario())
	terraform := newCommandLine(t, gitlab, "import {\n  to = "+clientKeyAddress+"\n  id = \"1:7\"\n}\n"+clientKeyConfig("1", ""))
	terraform.succeeds(t, "apply", "-auto-approve", "-replace="+clientKeyAddress)
	if err := gitlab.hasKeys(1, 8, 10)(nil); err != nil {
		t.Error(err)
	}
	terraform.changesNothing(t)
}

// The project was renamed and its old path, which the configuration has, leads nowhere any more. A replacement deletes the
// key by the project's number and then cannot create one, so it must be refused.
func TestReplacement_refusedWherePathLeadsNowhere(t *testing.T) {
	t.Parallel()
	for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
		t.Run(refresh, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, twoProjects())
			terraform := newCommandLine(t, gitlab, clientKeyConfig("acme/web", `keepers = { rotated = "1" }`))
			terraform.succeeds(t, "apply", "-auto-approve")
			gitlab.MoveProject(1, "acme/site")
			gitlab.AddProject(gitlabsim.Project{ID: 12, Path: "acme/web"})
			gitlab.RemoveProject(12)
			terraform.write(t, "main.tf", requiredProviders+clientKeyConfig("acme/web", `keepers = { rotated = "2" }`))
			output, err := terraform.run(t, "apply", "-auto-approve", refresh)
			if keys := gitlab.keyIDs(1); len(keys) == 0 {
				t.Errorf("the key is lost; the apply ended with %v:\n%s", err, output)
			}
		})
	}
}

// A rotation while the project is unknown in the plan is planned, and goes where the project turns out to be.
func TestReplacement_whereProjectIsUnknown(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	config := func(rotated string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"project\" {\n  input            = \"acme/web\"\n  triggers_replace = %q\n}\n", rotated) +
			clientKeyConfig("${terraform_data.project.output}", fmt.Sprintf("keepers = { rotated = %q }", rotated))
	}
	terraform := newCommandLine(t, gitlab, config("1"))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", requiredProviders+config("2"))
	terraform.succeeds(t, "apply", "-auto-approve")
	if err := gitlab.hasKeys(1, 2)(nil); err != nil {
		t.Error(err)
	}
	terraform.changesNothing(t)
}
