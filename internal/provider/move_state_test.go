package provider

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The state of gitlabhq/gitlab's resources, with all attributes that its documentation has.
var (
	gitlabhqSettingsState = object{
		"id": "1", "project": "1", "active": true, "integrated": true, "keep_settings_on_destroy": true,
		"api_url": "", "project_name": "", "sentry_external_url": "",
	}
	gitlabhqClientKeyState = object{
		"id": "1:8", "project": "1", "key_id": 8, "active": true, "public_key": publicKey(8), "sentry_dsn": dsnOf(publicKey(8), 1),
	}
)

// gitlabhq is the address of the official provider.
const gitlabhq = Hostname + "/gitlabhq/gitlab"

// moves are states, how the configuration goes on, and what becomes of them.
var moves = map[string]struct {
	provider  string
	suffix    string // of the type
	state     object
	arguments string
	want      object
	requests  []string // of the first plan
	warned    bool
}{
	"settings by ID": {
		provider: gitlabhq, suffix: settingsType,
		state:     gitlabhqSettingsState,
		arguments: "project = \"1\"\n  active = true\n  on_destroy = \"keep\"",
		want:      settingsObject.with(object{"project": "1", "on_destroy": "keep"}),
		requests:  []string{"GET /projects/1/error_tracking/settings"},
	},
	"settings by path": {
		provider: "registry.example.com/mirrors/gitlab", suffix: settingsType,
		state:     gitlabhqSettingsState.with(object{"id": "acme/web", "project": "acme/web"}),
		arguments: "project = \"acme/web\"\n  active = true\n  on_destroy = \"keep\"",
		want:      settingsObject.with(object{"on_destroy": "keep"}),
		requests:  []string{"GET /projects/1/error_tracking/settings", "GET /projects/acme%2Fweb"},
	},
	"settings whose path is written in another way": {
		provider: gitlabhq, suffix: settingsType,
		state:     gitlabhqSettingsState.with(object{"id": "1", "project": "acme%2Fweb"}),
		arguments: "project = \"acme/web\"\n  active = true\n  on_destroy = \"keep\"",
		want:      settingsObject.with(object{"project": "acme%2Fweb", "on_destroy": "keep"}),
		requests:  []string{"GET /projects/1/error_tracking/settings", "GET /projects/acme%2Fweb"},
	},
	"settings that are not kept": {
		provider: gitlabhq, suffix: settingsType,
		state:     gitlabhqSettingsState.with(object{"keep_settings_on_destroy": false}),
		arguments: "project = \"1\"\n  active = true",
		want:      settingsObject.with(object{"project": "1"}),
		requests:  []string{"GET /projects/1/error_tracking/settings"},
		warned:    true,
	},
	"settings without the choice": {
		provider: gitlabhq, suffix: settingsType,
		state:     gitlabhqSettingsState.with(object{"keep_settings_on_destroy": nil}),
		arguments: "project = \"1\"\n  active = true\n  on_destroy = \"keep\"",
		want:      settingsObject.with(object{"project": "1", "on_destroy": "keep"}),
		requests:  []string{"GET /projects/1/error_tracking/settings"},
	},
	"client key by ID": {
		provider: gitlabhq, suffix: clientKeyType,
		state:     gitlabhqClientKeyState,
		arguments: "project = \"1\"",
		want:      movedKeyObject("1"), requests: []string{"GET /projects/1/error_tracking/client_keys"},
	},
	"client key by path": {
		provider: "registry.example.com/gitlabhq/gitlab", suffix: clientKeyType,
		state:     gitlabhqClientKeyState.with(object{"id": "acme/web:8", "project": "acme/web"}),
		arguments: "project = \"1\"",
		want:      movedKeyObject("acme/web"),
		requests:  []string{"GET /projects/1/error_tracking/client_keys", "GET /projects/acme%2Fweb"},
	},
}

// movedKeyObject is client key 8 of acme/web in the state.
func movedKeyObject(project string) object {
	return object{
		"id": "1:8", "project": project, "project_id": 1, "key_id": 8, "active": true,
		"public_key": publicKey(8), "sentry_dsn": dsnOf(publicKey(8), 1), "keepers": nil,
	}
}

// A state file of another provider is moved by the engine: nothing is planned and nothing written, neither by the
// plan that moves it nor by the next.
func TestMoveState(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.8")
	for name, move := range moves {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := keyScenario()
			scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
			gitlab := startTestbed(t, scenario)
			terraform := newMove(t, gitlab, move.provider, move.suffix, move.state, move.arguments)
			output, err := terraform.run(t, "plan", "-out=move.tfplan")
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			if err := gitlab.compare(gitlab.requests(), move.requests); err != nil {
				t.Error(err)
			}
			if !strings.Contains(output, "has moved to "+TypeName+move.suffix+".new") || !strings.Contains(output, "Plan: 0 to add, 0 to change, 0 to destroy.") {
				t.Errorf("the plan is not of a move alone:\n%s", output)
			}
			if warned := strings.Contains(output, "Original settings unknown"); warned != move.warned {
				t.Errorf("warned is %t, want %t:\n%s", warned, move.warned, output)
			}
			if output, err := terraform.run(t, "apply", "move.tfplan"); err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			if diff := cmp.Diff(jsonText([]object{move.want}), jsonText(terraform.objectsInState(t))); diff != "" {
				t.Errorf("the state (-want +got):\n%s", diff)
			}
			terraform.changesNothing(t)
			if writes := gitlab.writes(); len(writes) > 0 {
				t.Errorf("the move wrote: %q", writes)
			}
			terraform.destroy(t)
			// Terraform has changed nothing since the move.
			if row, _ := gitlab.Settings(1); !row.Active {
				t.Errorf("after the destroy the settings are %+v", row)
			}
		})
	}
}

// A state that has only the path of its project is of that project also where nothing is read before it is changed.
func TestMoveState_withoutRefresh(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.8")
	for name, test := range map[string]struct {
		suffix    string
		state     object
		arguments string
		update    []string
		destroy   []string
	}{
		"settings": {
			settingsType, gitlabhqSettingsState.with(object{"id": "acme/web", "project": "acme/web", "keep_settings_on_destroy": false}),
			"project = \"acme/web\"\n  active = false",
			[]string{"PATCH /projects/1/error_tracking/settings"}, savedWithoutKey("PATCH", 1, 10),
		},
		"settings in another spelling": {
			settingsType, gitlabhqSettingsState.with(object{"id": "acme/web", "project": "acme/web", "keep_settings_on_destroy": false}),
			"project = \"1\"\n  active = true",
			nil, nil,
		},
		"client key": {
			clientKeyType, gitlabhqClientKeyState.with(object{"id": "acme/web:8", "project": "acme/web"}),
			"project = \"1\"\n  keepers = { rotated = \"2026-11\" }",
			nil, []string{"DELETE /projects/1/error_tracking/client_keys/8"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := keyScenario()
			scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
			gitlab := startTestbed(t, scenario)
			terraform := newMove(t, gitlab, gitlabhq, test.suffix, test.state, test.arguments)
			// What depends on the numbers knows them at once.
			terraform.write(t, "number.tf", fmt.Sprintf("output \"number\" {\n  value = \"project ${%[1]s.new.project_id} of ${%[1]s.new.id}\"\n}\n", TypeName+test.suffix))
			if output := terraform.succeeds(t, "plan", "-refresh=false", "-destroy"); strings.Contains(output, willBeForgotten) {
				t.Errorf("a visible project is forgotten:\n%s", output)
			}
			gitlab.SetRole(maintainer, 1, "")
			// Terraform has changed nothing in the settings, so a destroy leaves them alone anyway.
			if output := terraform.succeeds(t, "plan", "-refresh=false", "-destroy"); strings.Contains(output, willBeForgotten) != (test.suffix == clientKeyType) {
				t.Errorf("what the plan forgets in a hidden project:\n%s", output)
			}
			gitlab.SetRole(maintainer, 1, "maintainer")
			output, err := terraform.run(t, "plan", "-refresh=false")
			once(t, output, settingsWillChange, 0)
			if err != nil || !strings.Contains(output, `+ number = "project 1 of 1`) {
				t.Errorf("the plan does not know the numbers: %v\n%s", err, output)
			}
			if test.suffix == clientKeyType && !hasInOrder(output, "The first keepers of client key 8, or their removal") {
				t.Errorf("the warning does not name the key:\n%s", output)
			}
			gitlab.ClearRequests()
			for _, step := range []struct {
				argument string
				want     []string
			}{{"-refresh=false", test.update}, {"-destroy", test.destroy}} {
				if output, err := terraform.run(t, "apply", "-auto-approve", "-refresh=false", step.argument); err != nil {
					t.Fatalf("%v\n%s", err, output)
				}
				if err := gitlab.compare(gitlab.writes(), step.want); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A move that also names another project, without a refresh: the object is not taken for one of the other project.
func TestMoveState_toAnotherProjectWithoutRefresh(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.8")
	for suffix, test := range map[string]struct {
		state     object
		arguments string
	}{
		settingsType:  {gitlabhqSettingsState.with(object{"id": "acme/web", "project": "acme/web"}), "project = \"acme/shop\"\n  active = false"},
		clientKeyType: {gitlabhqClientKeyState.with(object{"id": "acme/web:8", "project": "acme/web"}), "project = \"acme/shop\""},
	} {
		t.Run(suffix, func(t *testing.T) {
			t.Parallel()
			scenario := keyScenario()
			scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
			gitlab := startTestbed(t, scenario)
			terraform := newMove(t, gitlab, gitlabhq, suffix, test.state, test.arguments)
			terraform.fails(t, []string{"Error: " + differentProject, "The resource is in project 1, but project is now acme/shop, which is project 2", "Nothing was changed"}, "apply", "-auto-approve", "-refresh=false")
			gitlab.SetRole(maintainer, 1, "")
			terraform.fails(t, []string{"Error: " + unableToFindProject, "Project acme/web: "}, "apply", "-auto-approve", "-refresh=false")
			gitlab.SetRole(maintainer, 1, "maintainer")
			if writes := gitlab.writes(); len(writes) > 0 {
				t.Errorf("the apply wrote %q", writes)
			}
			if output := terraform.succeeds(t, "plan"); !strings.Contains(output, "must be replaced") {
				t.Errorf("want a replacement:\n%s", output)
			}
		})
	}
}

// newMove is an engine with the state of an object of another provider, and a moved block to the type of this one with the suffix.
func newMove(t *testing.T, gitlab *testbed, provider, suffix string, state object, arguments string) *commandLine {
	t.Helper()
	from, to := gitlabhqType+suffix, TypeName+suffix
	config := fmt.Sprintf("moved {\n  from = %s.old\n  to = %s.new\n}\n\nresource %q \"new\" {\n  %s\n}\n", from, to, to, arguments)
	// OpenTofu reads the host registry.terraform.io in a state as its own.
	terraform := newCommandLine(t, gitlab, config, strings.TrimPrefix(provider, Hostname+"/"))
	terraform.write(t, "terraform.tfstate", stateFile(inState(provider, from, "old", state)))
	return terraform
}

// Where an engine sends the provider's address, and what of it.
func TestMoveState_addresses(t *testing.T) {
	t.Parallel()
	server := newServer(New("test")()) // has no client, and needs none
	for address, accepted := range map[string]bool{
		"registry.terraform.io/gitlabhq/gitlab": true,
		"registry.opentofu.org/gitlabhq/gitlab": true,
		"example.com/mirrors/gitlab":            true,
		"gitlabhq/gitlab":                       true,
		"gitlab":                                true,
		"registry.terraform.io/gitlabhq/github": false,
		"":                                      false,
	} {
		for from, to := range map[string]string{
			"gitlab_project_error_tracking_settings":   "gitlab_error_tracking_settings",
			"gitlab_project_error_tracking_client_key": "gitlab_error_tracking_client_key",
		} {
			t.Run(address+" "+from, func(t *testing.T) {
				t.Parallel()
				state := gitlabhqSettingsState
				if to == "gitlab_error_tracking_client_key" {
					state = gitlabhqClientKeyState
				}
				resp := moveState(t, server, address, from, to, state)
				if moved := resp.TargetState != nil && len(resp.Diagnostics) == 0; moved != accepted {
					t.Errorf("moved is %t, want %t: %+v", moved, accepted, resp.Diagnostics)
				}
			})
		}
	}
}

func TestMoveState_fails(t *testing.T) {
	t.Parallel()
	server := newServer(New("test")())
	for name, test := range map[string]struct {
		from, to string
		state    any
		says     string
	}{
		"another type":          {"gitlab_project", "gitlab_error_tracking_settings", object{"id": "1"}, "does not include support for the given source resource"},
		"settings for a key":    {"gitlab_project_error_tracking_settings", "gitlab_error_tracking_client_key", gitlabhqSettingsState, "does not include support for the given source resource"},
		"settings of no form":   {"gitlab_project_error_tracking_settings", "gitlab_error_tracking_settings", []int{1}, "does not have the form that example.com/gitlabhq/gitlab writes"},
		"settings of nothing":   {"gitlab_project_error_tracking_settings", "gitlab_error_tracking_settings", object{}, "it is empty"},
		"key of no form":        {"gitlab_project_error_tracking_client_key", "gitlab_error_tracking_client_key", "text", "does not have the form that example.com/gitlabhq/gitlab writes"},
		"key without an ID":     {"gitlab_project_error_tracking_client_key", "gitlab_error_tracking_client_key", object{"project": "1"}, "<project>:<key_id>"},
		"key of a bad project":  {"gitlab_project_error_tracking_client_key", "gitlab_error_tracking_client_key", object{"project": "/web", "id": "/web:8"}, "begins with a slash"},
		"key by its public key": {"gitlab_project_error_tracking_client_key", "gitlab_error_tracking_client_key", object{"project": "1", "id": "1:" + publicKey(8)}, "<project>:<key_id>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := moveState(t, server, "example.com/gitlabhq/gitlab", test.from, test.to, test.state)
			if len(resp.Diagnostics) != 1 || !strings.Contains(resp.Diagnostics[0].Detail, test.says) {
				t.Errorf("want an error that says %q: %+v", test.says, resp.Diagnostics)
			}
		})
	}
}

func moveState(t *testing.T, server tfprotov6.ProviderServer, address, from, to string, state any) *tfprotov6.MoveResourceStateResponse {
	t.Helper()
	resp, err := server.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: address, SourceTypeName: from, TargetTypeName: to, SourceState: &tfprotov6.RawState{JSON: []byte(jsonText(state))},
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// configured is the provider with the testbed's GitLab, for what an engine cannot be brought to do.
func (b *testbed) configured(t *testing.T) tfprotov6.ProviderServer {
	t.Helper()
	server, err := b.factories()[TypeName]()
	if err != nil {
		t.Fatal(err)
	}
	schemas := schemaOf(t, server)
	block, ok := schemas.Provider.ValueType().(tftypes.Object)
	if !ok {
		t.Fatal("the provider's schema is not an object")
	}
	values := map[string]tftypes.Value{}
	for name, typ := range block.AttributeTypes {
		values[name] = tftypes.NewValue(typ, nil)
	}
	values["base_url"] = tftypes.NewValue(tftypes.String, b.URL())
	values["token"] = tftypes.NewValue(tftypes.String, maintainer)
	config, err := tfprotov6.NewDynamicValue(block, tftypes.NewValue(block, values))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &config})
	noErrors(t, err, resp.Diagnostics)
	return server
}

func noErrors(t *testing.T, err error, diags []*tfprotov6.Diagnostic) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			t.Fatal(d.Summary, d.Detail)
		}
	}
}

// stateFile is a Terraform state with the given resources.
func stateFile(resources ...object) string {
	return jsonText(object{
		"version": 4, "terraform_version": "1.8.0", "serial": 1, "lineage": "5b1d6bd5-2f2e-4f6a-9d1c-0d6a2a3f8c11", "outputs": object{}, "resources": resources,
	})
}

// inState is a resource of a provider in a state.
func inState(provider, typeName, name string, attributes object) object {
	return object{
		"mode": "managed", "type": typeName, "name": name, "provider": fmt.Sprintf("provider[%q]", provider),
		"instances": []object{{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []any{}}},
	}
}

// A moved state that has only the path of its project, planned without a refresh: the numbers become known when they can.
func TestMoveState_numbersUnknown(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.8")
	for kind, test := range map[string]struct {
		suffix, arguments string
		state             object
	}{
		"settings":   {settingsType, "active = false", gitlabhqSettingsState.with(object{"id": "acme/new", "project": "acme/new"})},
		"client key": {clientKeyType, "keepers = { a = \"b\" }", gitlabhqClientKeyState.with(object{"id": "acme/new:8", "project": "acme/new"})},
	} {
		for name, project := range map[string]string{"not there yet": `"acme/new"`, "there in the last moment": `"acme/new"`, "unknown": "terraform_data.project.output"} {
			t.Run(kind+" "+name, func(t *testing.T) {
				t.Parallel()
				gitlab := startTestbed(t, twoProjects())
				terraform := newMove(t, gitlab, gitlabhq, test.suffix, test.state, "project = "+project+"\n  "+test.arguments)
				terraform.write(t, "project.tf", "resource \"terraform_data\" \"project\" {\n  input = \"acme/new\"\n}\n")
				terraform.succeeds(t, "plan", "-refresh=false", "-out=saved.tfplan")
				gitlab.AddProject(gitlabsim.Project{ID: 9, Path: "acme/new", ClientKeys: gitlabsim.MakeKeys(8), Settings: &gitlabsim.Settings{Active: true, Integrated: true}})
				if name == "there in the last moment" { // The plan of the apply does not find it.
					gitlab.AddFault(gitlabsim.Fault{Path: "/projects/acme%2Fnew", Status: 404, Body: `{"message":"404 Project Not Found"}`, Times: 1})
				}
				terraform.succeeds(t, "apply", "saved.tfplan")
				for _, o := range terraform.objectsInState(t) {
					if id := o["project_id"]; o["project"] != nil && fmt.Sprint(id) != "9" {
						t.Errorf("the state has %v", o)
					}
				}
				terraform.changesNothing(t)
			})
		}
	}
}

// A state with null numbers has them in the ID. Without that a client key cannot be told, and nothing is done. A wrong ID is
// corrected, with or without a refresh.
func TestState_incomplete(t *testing.T) {
	t.Parallel()
	host := Hostname
	if registry := os.Getenv("TF_ACC_PROVIDER_HOST"); registry != "" {
		host = registry
	}
	address := fmt.Sprintf("%s/%s/%s", host, Namespace, TypeName)
	for name, test := range map[string]struct {
		state object
		fails bool
	}{
		"numbers in the ID":  {object{"key_id": nil, "project_id": nil}, false},
		"key in the ID":      {object{"key_id": nil}, false},
		"a wrong ID":         {object{"id": "7:7"}, false},
		"no ID, key unknown": {object{"id": nil, "key_id": nil}, true},
		"an ID of no key":    {object{"id": "acme/web", "key_id": nil}, true},
	} {
		for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
			t.Run(name+" "+refresh, func(t *testing.T) {
				t.Parallel()
				gitlab := startTestbed(t, keyScenario())
				terraform := newCommandLine(t, gitlab, strings.ReplaceAll(clientKeyConfig("acme/web", ""), `"test"`, `"old"`))
				terraform.write(t, "terraform.tfstate", stateFile(inState(address, TypeName+clientKeyType, "old", movedKeyObject("acme/web").with(test.state))))
				for _, command := range []string{"-destroy=false", "-destroy"} {
					output, err := terraform.run(t, "apply", "-auto-approve", refresh, command)
					if test.fails != strings.Contains(output, "The state has no key_id") || test.fails != (err != nil) {
						t.Errorf("%s ended with %v:\n%s", command, err, output)
					}
					for _, o := range terraform.objectsInState(t) {
						if !test.fails && o["id"] != "1:8" {
							t.Errorf("the state has %v, want the ID 1:8", o)
						}
					}
				}
				want := []int64{7}
				if test.fails {
					want = []int64{7, 8}
				}
				if got := gitlab.keyIDs(1); !slices.Equal(got, want) {
					t.Errorf("GitLab has the keys %v, want %v", got, want)
				}
			})
		}
	}
}
