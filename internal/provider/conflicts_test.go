package provider

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// once checks how often an output has a text, since Terraform folds equal warnings only in part.
func once(t *testing.T, output, text string, times int) {
	t.Helper()
	if got := strings.Count(output, text); got != times {
		t.Errorf("%q stands there %d times, want %d:\n%s", text, got, times, output)
	}
}

// Two resources want different settings of one project: the plan says so once, whatever else it does with them.
func TestConflicts_settings(t *testing.T) {
	t.Parallel()
	two := func(first, second string) string {
		return strings.ReplaceAll(settingsConfig("acme/web", first), `"test"`, `"a"`) + strings.ReplaceAll(settingsConfig("1", second), `"test"`, `"b"`)
	}
	const a, b = "gitlab_error_tracking_settings.a", "gitlab_error_tracking_settings.b"
	for name, test := range map[string]struct {
		first, second string
		times         int
	}{
		"active":                {"active = true", "active = false", 1},
		"integrated":            {"active = false\n  integrated = true", "active = false\n  integrated = false", 1},
		"the same":              {"active = true\n  integrated = true", "active = true\n  integrated = true", 0},
		"one leaves it open":    {"active = true", "active = true\n  integrated = true", 0},
		"another way to reset":  {"active = true\n  on_destroy = \"keep\"", "active = true", 0},
		"replaced configuredly": {"active = true\n  lifecycle { create_before_destroy = true }", "active = true", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terraform := newCommandLine(t, startTestbed(t, twoProjects()), two(test.first, test.second))
			once(t, terraform.succeeds(t, "apply", "-auto-approve"), "Warning: "+settingsManagedTwice, test.times)
			for _, options := range [][]string{{}, {"-refresh=false", "-replace=" + a}, {"-replace=" + a, "-replace=" + b}} {
				once(t, terraform.succeeds(t, append([]string{"plan"}, options...)...), "Warning: "+settingsManagedTwice, test.times)
			}
			// A plan that destroys both leaves none that could want something.
			once(t, terraform.succeeds(t, "plan", "-destroy"), "Warning: "+settingsManagedTwice, 0)
		})
	}
}

// One of two resources of the same settings is removed, and the other keeps them: the plan says that the destroy changes
// them, unless it does not.
func TestConflicts_settingsRemoved(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		onDestroy string
		removed   string // the name of the one that goes, before or after that of the other one in the plan
		imported  bool
		times     int
	}{
		{"restore", "a", false, 1}, {"restore", "z", false, 1}, {"deactivate", "a", false, 1}, {"keep", "z", false, 0},
		{"restore", "a", true, 0}, {"deactivate", "z", true, 1},
	} {
		t.Run(fmt.Sprintf("%s of %s, imported %t", test.onDestroy, test.removed, test.imported), func(t *testing.T) {
			t.Parallel()
			scenario := twoProjects()
			if test.imported {
				scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
			}
			removed := strings.ReplaceAll(settingsConfig("1", "active = true\n  on_destroy = \""+test.onDestroy+"\""), `"test"`, `"`+test.removed+`"`)
			kept := strings.ReplaceAll(settingsConfig("1", "active = true"), `"test"`, `"m"`)
			terraform := newCommandLine(t, startTestbed(t, scenario), removed)
			if test.imported {
				terraform.succeeds(t, "import", "gitlab_error_tracking_settings."+test.removed, "1")
			}
			terraform.succeeds(t, "apply", "-auto-approve")
			terraform.write(t, "main.tf", requiredProviders+removed+kept)
			terraform.succeeds(t, "apply", "-auto-approve")
			terraform.write(t, "main.tf", requiredProviders+kept)
			for _, options := range []string{"-refresh=true", "-refresh=false"} {
				output := terraform.succeeds(t, "plan", options)
				once(t, output, "Warning: "+settingsManagedTwice, test.times)
				if test.times > 0 && !hasInOrder(output, "This plan destroys a resource that manages the error tracking settings", "on_destroy = \"keep\"") {
					t.Errorf("the plan does not say what to do:\n%s", output)
				}
			}
			// So does the plan that moves it to another project.
			terraform.write(t, "main.tf", requiredProviders+strings.ReplaceAll(removed, `"1"`, `"2"`)+kept)
			once(t, terraform.succeeds(t, "plan"), "Warning: "+settingsManagedTwice, test.times)
			// A renamed block is destroyed and created: nobody keeps the settings meanwhile.
			terraform.write(t, "main.tf", requiredProviders+strings.ReplaceAll(removed, `"`+test.removed+`"`, `"new"`)+strings.ReplaceAll(kept, `"m"`, `"newer"`))
			once(t, terraform.succeeds(t, "plan"), "Warning: "+settingsManagedTwice, 0)
		})
	}
}

// Three resources want different settings, and one of them is removed: each of the two problems is said once.
func TestConflicts_threeSettings(t *testing.T) {
	t.Parallel()
	one := func(name, active string) string {
		return strings.ReplaceAll(settingsConfig("1", "active = "+active), `"test"`, `"`+name+`"`)
	}
	third := one("c", "true\n  on_destroy = \"deactivate\"")
	gitlab := startTestbed(t, twoProjects())
	terraform := newCommandLine(t, gitlab, one("a", "true")+one("b", "false")+third)
	terraform.succeeds(t, "apply", "-auto-approve")
	for config, warnings := range map[string]int{third: 1, "": 2} {
		terraform.write(t, "main.tf", requiredProviders+one("a", "true")+one("b", "false")+config)
		gitlab.warnings.take() // Terraform folds those with one title.
		terraform.succeeds(t, "plan")
		once(t, strings.Join(gitlab.warnings.take(), "\n"), settingsManagedTwice, warnings)
	}
}

// Two resources manage one key: each plan says so once, above all the one that removes one of them.
func TestConflicts_clientKey(t *testing.T) {
	t.Parallel()
	one := func(name string) string {
		return strings.ReplaceAll(clientKeyConfig("1", ""), `"test"`, `"`+name+`"`)
	}
	gitlab := startTestbed(t, keyScenario())
	terraform := newCommandLine(t, gitlab, one("a")+one("b"))
	terraform.succeeds(t, "import", "gitlab_error_tracking_client_key.a", "1:7")
	terraform.succeeds(t, "import", "gitlab_error_tracking_client_key.b", "1:8")
	for _, options := range []string{"-refresh=true", "-refresh=false", "-replace=gitlab_error_tracking_client_key.a"} {
		once(t, terraform.succeeds(t, "plan", options), "Warning: "+clientKeyManagedTwice, 0)
	}
	terraform.succeeds(t, "state", "rm", "gitlab_error_tracking_client_key.b")
	terraform.succeeds(t, "import", "gitlab_error_tracking_client_key.b", "1:7")
	for _, options := range []string{"-refresh=true", "-refresh=false", "-replace=gitlab_error_tracking_client_key.a", "-destroy"} {
		output := terraform.succeeds(t, "plan", options)
		once(t, output, "Warning: "+clientKeyManagedTwice, 1)
		if !hasInOrder(output, "Two resources manage client key 1:7", "destroy = false") {
			t.Errorf("the plan does not say what to do:\n%s", output)
		}
	}
	for _, left := range []string{"a", "b"} {
		terraform.write(t, "main.tf", requiredProviders+one(left))
		once(t, terraform.succeeds(t, "plan"), "Warning: "+clientKeyManagedTwice, 1)
	}
}

// A managed key that is inactive, and DSNs for localhost, are said by each run, and once.
func TestClientKeyResource_warnings(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, keyScenario())
	config := strings.Replace(clientKeyConfig("acme/web", ""), "project", "count = 3\n  project", 1)
	terraform := newCommandLine(t, gitlab, config)
	terraform.succeeds(t, "apply", "-auto-approve")
	output := terraform.succeeds(t, "plan")
	once(t, output, "Warning: "+clientKeyInactive, 0)
	once(t, output, "Warning: "+dsnOfLocalhost, 0)
	gitlab.deactivateKeys(t, 1)
	output = terraform.succeeds(t, "plan")
	if !hasInOrder(output, "Warning: "+clientKeyInactive, "Project acme/web: Client key 1:1", "is inactive", "-replace", "and 2 more similar warnings") {
		t.Errorf("the plan does not say which key, and what to do:\n%s", output)
	}
	once(t, terraform.succeeds(t, "plan", "-refresh=false"), "Warning: "+clientKeyInactive, 0)
	gitlab.SetDSNBaseURL("")
	output = terraform.succeeds(t, "plan")
	once(t, output, "Warning: "+dsnOfLocalhost, 1)
	if !hasInOrder(output, "creates DSNs for localhost:8080", "error_tracking_api_url") {
		t.Errorf("the plan does not say what to do:\n%s", output)
	}
	terraform.write(t, "main.tf", requiredProviders+config+strings.ReplaceAll(clientKeyConfig("acme/shop", ""), `"test"`, `"shop"`))
	once(t, terraform.succeeds(t, "apply", "-auto-approve", "-refresh=false"), "Warning: "+dsnOfLocalhost, 1)
}

// deactivateKeys makes all client keys of a project inactive, as nothing in GitLab's REST API does.
func (b *testbed) deactivateKeys(t *testing.T, project int64) {
	t.Helper()
	rows := []object{}
	for _, key := range b.Keys(project) {
		rows = append(rows, object{"id": key.ID, "public_key": key.PublicKey, "active": false})
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, fmt.Sprintf("%s/-/projects/%d", b.URL(), project), strings.NewReader(jsonText(object{"client_keys": rows})))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
}

// One of two resources of a project moves to another project and has on_destroy = "keep": nothing changes for the other one.
func TestConflicts_noFalseAlarmForAMoveThatKeeps(t *testing.T) {
	t.Parallel()
	two := func(project string) string {
		return strings.ReplaceAll(settingsConfig("1", "active = true"), `"test"`, `"a"`) +
			strings.ReplaceAll(settingsConfig(project, "active = true\n  on_destroy = \"keep\""), `"test"`, `"b"`)
	}
	terraform := newCommandLine(t, startTestbed(t, twoProjects()), two("1"))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", requiredProviders+two("2"))
	once(t, terraform.succeeds(t, "plan"), "Warning: "+settingsManagedTwice, 0)
}

// Two keys that are moved from gitlabhq/gitlab with states that know the path alone, without a refresh: they are two keys.
func TestConflicts_noFalseAlarmForMovedKeysWithoutRefresh(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.8")
	key8, key7 := gitlabhqClientKeyState.with(object{"id": "acme/web:8", "project": "acme/web"}), gitlabhqClientKeyState.with(object{"id": "acme/web:7", "project": "acme/web"})
	terraform := newMove(t, startTestbed(t, keyScenario()), gitlabhq, clientKeyType, key8, `project = "acme/web"`)
	terraform.write(t, "more.tf", "moved {\n  from = "+gitlabhqType+clientKeyType+".old2\n  to = "+TypeName+clientKeyType+".new2\n}\nresource \""+TypeName+clientKeyType+"\" \"new2\" {\n  project = \"acme/web\"\n}\n")
	terraform.write(t, "terraform.tfstate", stateFile(inState(gitlabhq, gitlabhqType+clientKeyType, "old", key8), inState(gitlabhq, gitlabhqType+clientKeyType, "old2", key7)))
	once(t, terraform.succeeds(t, "plan", "-refresh=false"), "Warning: "+clientKeyManagedTwice, 0)
}

// The first of a list is removed, so the indices shift: the last resource is destroyed and the one before it is replaced and
// takes its project. Nothing is undone by the next plan, so there is no such warning.
func TestConflicts_noFalseAlarmForAShiftedIndex(t *testing.T) {
	t.Parallel()
	config := func(list string) string {
		return strings.Replace(settingsConfig("X", "active = true\n  count = length("+list+")"), `"X"`, list+"[count.index]", 1)
	}
	terraform := newCommandLine(t, startTestbed(t, twoProjects()), config(`["acme/web", "acme/shop"]`))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", requiredProviders+config(`["acme/shop"]`))
	once(t, terraform.succeeds(t, "plan"), "Warning: "+settingsManagedTwice, 0)
}

// Two resources want different things of a project that is not known while it is planned: the warning names the project.
func TestConflicts_namesAProjectThatIsUnknown(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.4")
	two := func(input string) string {
		one := func(name, active string) string {
			return strings.ReplaceAll(strings.ReplaceAll(settingsConfig("X", "active = "+active), `"test"`, `"`+name+`"`), `"X"`, "terraform_data.project.output")
		}
		return "resource \"terraform_data\" \"project\" {\n  input = \"acme/web\"\n  triggers_replace = \"" + input + "\"\n}\n" + one("a", "true") + one("b", "false")
	}
	terraform := newCommandLine(t, startTestbed(t, twoProjects()), two("1"))
	terraform.succeeds(t, "init")
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", requiredProviders+two("2"))
	output := terraform.succeeds(t, "plan")
	once(t, output, "Warning: "+settingsManagedTwice, 1)
	if strings.Contains(output, "Project :") {
		t.Error(output)
	}
}
