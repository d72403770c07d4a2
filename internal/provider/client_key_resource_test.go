package provider

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/google/go-cmp/cmp"
)

const clientKeyAddress = "gitlab_error_tracking_client_key.test"

// clientKeyConfig is a client key resource with the given project and further arguments.
func clientKeyConfig(project, arguments string) string {
	return fmt.Sprintf("resource \"gitlab_error_tracking_client_key\" \"test\" {\n  project = %q\n  %s\n}\n", project, arguments)
}

// keyScenario is twoProjects with known keys: 7 and 8 in acme/web, 9 in acme/shop.
func keyScenario() gitlabsim.Scenario {
	scenario := twoProjects()
	scenario.Projects[0].ClientKeys = gitlabsim.ClientKeys{{ID: 7, PublicKey: publicKey(7)}, {ID: 8, PublicKey: publicKey(8)}}
	scenario.Projects[1].ClientKeys = gitlabsim.ClientKeys{{ID: 9, PublicKey: publicKey(9)}}
	return scenario
}

func publicKey(id int64) string { return fmt.Sprintf("glet_%032x", id) }

// clientKeyObject is the resource in the state, for a key that GitLab has.
func (b *testbed) clientKeyObject(project string, projectID, keyID int64) object {
	keys := b.Keys(projectID)
	key := keys[slices.IndexFunc(keys, func(k gitlabsim.ClientKey) bool { return k.ID == keyID })]
	return object{
		"id": fmt.Sprintf("%d:%d", projectID, keyID), "project": project, "project_id": projectID, "key_id": keyID,
		"active": !key.Inactive, "public_key": key.PublicKey, "sentry_dsn": b.DSN(projectID, key.PublicKey), "keepers": nil,
	}
}

func TestClientKeyResource(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, keyScenario())
	config := func(rotated string) string {
		return clientKeyConfig("acme/web", fmt.Sprintf("keepers = { rotated = %q }\n  lifecycle {\n    create_before_destroy = true\n  }", rotated))
	}
	terraform := newCommandLine(t, gitlab, "")
	terraform.goesTo(t, config("2026-10"), "1 added, 0 changed, 0 destroyed")
	terraform.hasInState(t, gitlab.clientKeyObject("acme/web", 1, 10).with(object{"keepers": object{"rotated": "2026-10"}}))
	passes(t, gitlab.wrote("POST "+keysPath), gitlab.hasKeys(1, 7, 8, 10))
	output := terraform.goesTo(t, config("2026-11"), "1 added, 0 changed, 1 destroyed")
	if !strings.Contains(output, "create replacement and then destroy") {
		t.Errorf("the old key goes first:\n%s", output)
	}
	terraform.hasInState(t, gitlab.clientKeyObject("acme/web", 1, 11).with(object{"keepers": object{"rotated": "2026-11"}}))
	passes(t, gitlab.wrote("DELETE "+keyPath, "POST "+keysPath), gitlab.hasKeys(1, 7, 8, 11))
	terraform.destroy(t)
	passes(t, gitlab.wrote("DELETE "+keysPath+"/11"), gitlab.hasKeys(1, 7, 8))
}

// An object that was imported under an old path takes the new one, too.
func TestClientKeyResource_renameAfterImport(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, keyScenario())
	terraform := newCommandLine(t, gitlab, clientKeyConfig("acme/web", ""))
	terraform.succeeds(t, "import", clientKeyAddress, "acme/web:8")
	gitlab.MoveProject(1, "acme/website")
	terraform.goesTo(t, clientKeyConfig("acme/website", ""), "0 added, 1 changed, 0 destroyed")
	terraform.hasInState(t, gitlab.clientKeyObject("acme/website", 1, 8))
	passes(t, gitlab.wrote(), gitlab.hasKeys(1, 7, 8))
}

// However settings and keys depend on each other, and whichever response is lost, GitLab has the keys of the state and no
// other after an apply, and none after a destroy. Each run has three projects, with one key, two keys and three keys. A project's keys are read before its first key unless the settings came first, and after a lost
// POST. Each project's settings cost a temporary key.
func TestClientKeyResource_oneKeyEach(t *testing.T) {
	t.Parallel()
	const projects, keys, nothing = 3, 6, "nothing"
	type between struct{ least, most int }
	for _, test := range []struct {
		order string
		lists between
		lost  []string
	}{
		{"settings first", between{0, 0}, []string{nothing, http.MethodPut, http.MethodDelete}},
		{"key first", between{projects, projects}, []string{nothing, http.MethodPut, http.MethodDelete, http.MethodPost}},
		{"no dependency", between{0, projects}, []string{nothing, http.MethodPut, http.MethodDelete}},
	} {
		for _, lost := range test.lost {
			t.Run(test.order+", lost "+lost, func(t *testing.T) {
				t.Parallel()
				want := map[string]between{
					"GET settings": {2 * projects, 2 * projects}, "PUT settings": {projects, projects}, "DELETE client_keys": {projects, projects},
					"POST client_keys": {projects + keys, projects + keys}, "GET client_keys": test.lists,
				}
				switch lost {
				case http.MethodPut:
					want["PUT settings"] = between{2 * projects, 2 * projects}
				case http.MethodDelete:
					want["DELETE client_keys"] = between{2 * projects, 2 * projects}
				case http.MethodPost:
					want["GET client_keys"] = between{2 * projects, 2 * projects}
				}
				scenario := manyProjects(projects, 0)
				for i := range scenario.Projects {
					p := &scenario.Projects[i]
					p.Settings = nil
					if lost != nothing {
						scenario.Faults = append(scenario.Faults, gitlabsim.Fault{Method: lost, Path: fmt.Sprintf("/projects/%d/*", p.ID), Drop: true, After: true, Times: 1})
					}
				}
				gitlab := startTestbedWith(t, scenario, gitlabsim.Options{Latency: 5 * time.Millisecond})
				terraform := newCommandLine(t, gitlab, manyWebsConfig(test.order, projects))
				terraform.succeeds(t, "apply", "-auto-approve")
				got := map[string]int{}
				for _, r := range gitlab.Requests() {
					got[r.Method+" "+strings.Split(r.Path, "/")[6]]++
				}
				for request, times := range want {
					if got[request] < times.least || got[request] > times.most {
						t.Errorf("%s: %d times, want %+v", request, got[request], times)
					}
					delete(got, request)
				}
				if len(got) > 0 {
					t.Errorf("other requests: %v", got)
				}
				var stored []int64
				for _, p := range scenario.Projects {
					for _, key := range gitlab.Keys(p.ID) {
						stored = append(stored, key.ID)
					}
				}
				slices.Sort(stored)
				if diff := cmp.Diff(stored, terraform.keysInState(t)); diff != "" || len(stored) != keys {
					t.Errorf("%d keys, want %d; (-GitLab +state):\n%s", len(stored), keys, diff)
				}
				terraform.destroy(t)
				for _, p := range scenario.Projects {
					gitlab.isOff(t, p.ID)
				}
			})
		}
	}
}

// manyWebsConfig is webConfig for each project, by ID, with one to three keys.
func manyWebsConfig(order string, projects int) string {
	return fmt.Sprintf(`
locals {
  settings = toset([for id in range(1, %d) : tostring(id)])
  keys     = merge([for id in local.settings : { for n in range(id %% 3 + 1) : "${id}:${n}" => id }]...)
}
`, projects+1) + strings.NewReplacer(
		`project    = "acme/web"`, "for_each = local.settings\n  project  = each.key",
		`project = "acme/web"`, "for_each = local.keys\n  project  = each.value",
		`project = gitlab_error_tracking_settings.web.project`, "for_each = local.keys\n  project  = gitlab_error_tracking_settings.web[each.value].project",
	).Replace(webConfig(order))
}

// keepers that are unknown in the plan replace the key, and the plan says why.
func TestClientKeyResource_unknownKeepers(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	config := func(value string) string {
		return requiredProviders + fmt.Sprintf(`
resource "terraform_data" "version" {
  input = %q
}
`, value) + clientKeyConfig("acme/web", "keepers = { version = terraform_data.version.output }")
	}
	terraform := newCommandLine(t, gitlab, "")
	terraform.write(t, "main.tf", config("1"))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", config("2"))
	output := terraform.succeeds(t, "apply", "-auto-approve")
	if !hasInOrder(output, "1 to add, 1 to change, 1 to destroy", "Client key will be replaced", "client key 1:1", "known only after apply") {
		t.Errorf("the plan does not say why the key is replaced:\n%s", output)
	}
	if keys := terraform.keysInState(t); len(keys) != 1 || keys[0] != 2 || len(gitlab.Keys(1)) != 1 {
		t.Errorf("the state has the keys %v, GitLab %v", keys, gitlab.Keys(1))
	}
}

// The first keepers and the removal of all are recorded, whoever made the key, with a warning that says how to replace it. A
// new key is made where non-empty keepers become others.
func TestClientKeyResource_keepersSteps(t *testing.T) {
	t.Parallel()
	const none, empty, one, two, added = "", "keepers = {}", `keepers = { a = "1" }`, `keepers = { a = "2" }`, `keepers = { a = "1", b = "1" }`
	const unknown, wholly = `keepers = { a = terraform_data.new.output }`, `keepers = terraform_data.map.output`
	for _, test := range []struct {
		name        string
		imported    bool
		from, to    string
		replaced    bool
		warns, left string // the title of the warning, and that the state has
	}{
		{"first", true, none, one, false, clientKeyNotReplaced, "1"},
		{"first of its own", false, none, one, false, clientKeyNotReplaced, "1"},
		{"first after empty", false, empty, one, false, clientKeyNotReplaced, "1"},
		{"removed", true, one, none, false, clientKeyNotReplaced, "<nil>"},
		{"emptied", false, one, empty, false, clientKeyNotReplaced, "<nil>"},
		{"none to empty", true, none, empty, false, "", "<nil>"},
		{"empty to none", false, empty, none, false, "", "<nil>"},
		{"changed", true, one, two, true, "", "2"},
		{"changed of its own", false, one, two, true, "", "2"},
		{"added", false, one, added, true, "", "1"},
		{"first, unknown", false, none, unknown, false, clientKeyNotReplaced, "new"},
		{"first, wholly unknown", true, none, wholly, false, clientKeyNotReplaced, "map"},
		{"changed, unknown", false, one, unknown, true, clientKeyWillBeReplaced, "new"},
		{"changed, wholly unknown", true, one, wholly, true, clientKeyWillBeReplaced, "map"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, keyScenario())
			terraform := newCommandLine(t, gitlab, clientKeyConfig("acme/web", test.from))
			if test.imported {
				terraform.succeeds(t, "import", clientKeyAddress, "1:8")
			}
			terraform.succeeds(t, "apply", "-auto-approve")
			before := terraform.keysInState(t)
			sources := "resource \"terraform_data\" \"new\" {\n  input = \"new\"\n}\nresource \"terraform_data\" \"map\" {\n  input = { a = \"map\" }\n}\n"
			terraform.write(t, "main.tf", requiredProviders+sources+clientKeyConfig("acme/web", test.to))
			output := terraform.succeeds(t, "apply", "-auto-approve")
			for _, title := range []string{clientKeyNotReplaced, clientKeyWillBeReplaced} {
				if strings.Contains(output, "Warning: "+title) != (title == test.warns) {
					t.Errorf("the warning should be %q:\n%s", test.warns, output)
				}
			}
			if test.warns == clientKeyNotReplaced && !hasInOrder(output, "Client key not replaced", "are recorded without replacing the key", "terraform apply -replace") {
				t.Errorf("the warning does not say how to replace the key:\n%s", output)
			}
			after := terraform.keysInState(t)
			if slices.Equal(before, after) == test.replaced || len(gitlab.Keys(1)) != 2+len(after)-map[bool]int{true: 1}[test.imported] {
				t.Errorf("the state had the keys %v and has %v, GitLab has %v", before, after, gitlab.keyIDs(1))
			}
			for _, o := range terraform.objectsInState(t) {
				if keepers, _ := o["keepers"].(map[string]any); o["key_id"] != nil && fmt.Sprint(keepers["a"]) != test.left {
					t.Errorf("the state has the keepers %v, want %q", keepers, test.left)
				}
			}
			terraform.changesNothing(t)
		})
	}
}

// A null in keepers is a value like others, a header with a null is not sent, and neither is a fault of the provider.
func TestClientKeyResource_nulls(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	terraform := newCommandLine(t, gitlab, "provider \"gitlab\" {\n  headers = { X-Team = null, X-Other = \"1\" }\n}\n"+clientKeyConfig("1", "keepers = { rotated = null }"))
	terraform.succeeds(t, "apply", "-auto-approve")
	if output := terraform.succeeds(t, "plan"); !strings.Contains(output, "No changes") {
		t.Errorf("the plan after it is not empty:\n%s", output)
	}
	for _, r := range gitlab.Requests() {
		if _, sent := r.Header["X-Team"]; sent || r.Header.Get("X-Other") != "1" {
			t.Errorf("%s %s came with the headers %v", r.Method, r.Path, r.Header)
		}
	}
}

// An identity without valid IDs is refused with an error of ours.
func TestClientKeyResource_badIdentity(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.12")
	gitlab := startTestbed(t, keyScenario())
	for identity, name := range map[string]string{
		"project_id = 1.5, key_id = 7": "project_id", "project_id = null, key_id = 7": "project_id", "project_id = -1, key_id = 7": "project_id",
		"project_id = 1, key_id = 7.5": "key_id", "project_id = 1, key_id = 0": "key_id", "project_id = 1, key_id = 1e30": "key_id",
	} {
		t.Run(identity, func(t *testing.T) {
			t.Parallel()
			terraform := newCommandLine(t, gitlab, clientKeyConfig("acme/web", "")+fmt.Sprintf("import {\n  to = %s\n  identity = { %s }\n}\n", clientKeyAddress, identity))
			terraform.fails(t, []string{"Invalid import identity", "The identity attribute " + name}, "plan")
		})
	}
}

// First keepers together with another project: the plan replaces the key, so it must not say that it does not.
func TestKeepers_noFalseMessageWhereProjectReplaces(t *testing.T) {
	t.Parallel()
	terraform := newCommandLine(t, startTestbed(t, twoProjects()), clientKeyConfig("acme/web", ""))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", requiredProviders+clientKeyConfig("acme/shop", `keepers = { rotated = "1" }`))
	output := terraform.succeeds(t, "plan")
	if !strings.Contains(output, "must be replaced") {
		t.Fatal(output)
	}
	once(t, output, "Warning: "+clientKeyNotReplaced, 0)
}
