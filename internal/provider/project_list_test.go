package provider

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
)

// groupScenario is a group acme with the projects web (1) and shop (2), an api (3) in the subgroup acme/sub and a
// project (4) of another group. Settings are in 1, 3 and 4, keys in all.
func groupScenario() gitlabsim.Scenario {
	scenario := keyScenario()
	scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
	scenario.Projects = append(scenario.Projects,
		gitlabsim.Project{
			ID: 3, Path: "acme/sub/api", Settings: &gitlabsim.Settings{Active: false, Integrated: true},
			ClientKeys: gitlabsim.ClientKeys{{ID: 5, PublicKey: publicKey(5), Inactive: true}},
		},
		gitlabsim.Project{
			ID: 4, Path: "other/web", Settings: &gitlabsim.Settings{Active: true, Integrated: true},
			ClientKeys: gitlabsim.ClientKeys{{ID: 4, PublicKey: publicKey(4)}},
		},
	)
	return scenario
}

// query is a list block with the given arguments of its own and of its configuration.
func query(typeName, arguments, config string) string {
	return fmt.Sprintf("list %q \"test\" {\n  provider = gitlab\n  %s\n  config {\n    %s\n  }\n}\n", typeName, arguments, config)
}

// provider is the provider block of the testbed alone, as query files have it.
func (b *testbed) provider() string {
	return strings.TrimPrefix(providerBlock(b.URL(), maintainer), requiredProviders)
}

// foundObjects checks what a query found, as "display name identity", in its order, and each found object against whole.
type foundObjects struct {
	want  []string
	whole map[string]object // by display name; empty where the query does not include resources
	also  func() error
}

func (f foundObjects) CheckQuery(_ context.Context, req querycheck.CheckQueryRequest, resp *querycheck.CheckQueryResponse) {
	got := []string{}
	whole := map[string]object{}
	for _, r := range req.Query {
		got = append(got, r.DisplayName+" "+strings.Join(strings.Fields(jsonText(r.Identity)), ""))
		if r.ResourceObject != nil {
			whole[r.DisplayName] = r.ResourceObject
		}
	}
	if diff := cmp.Diff(f.want, got); diff != "" {
		resp.Error = fmt.Errorf("found (-want +got):\n%s", diff)
		return
	}
	for name, want := range f.whole {
		if diff := cmp.Diff(jsonText(want), jsonText(whole[name])); diff != "" {
			resp.Error = fmt.Errorf("%s (-want +got):\n%s", name, diff)
			return
		}
	}
	if len(whole) != len(f.whole) {
		resp.Error = fmt.Errorf("%d of the objects were included, want %d", len(whole), len(f.whole))
		return
	}
	resp.Error = f.also()
}

func TestList(t *testing.T) {
	t.Parallel()
	const (
		key7 = `acme/web · key 7 {"key_id":7,"project_id":1}`
		key8 = `acme/web · key 8 {"key_id":8,"project_id":1}`
		key9 = `acme/shop · key 9 {"key_id":9,"project_id":2}`
		key5 = `acme/sub/api · key 5 {"key_id":5,"project_id":3}`
		web  = `acme/web {"project_id":1}`
		api  = `acme/sub/api {"project_id":3}`
	)
	keys, settings := TypeName+clientKeyType, TypeName+settingsType
	needsEngine(t, "1.14")
	gitlab := startTestbed(t, groupScenario())
	steps := []resource.TestStep{{Config: requiredProviders + "output \"none\" {\n  value = 0\n}\n"}}
	for _, test := range map[string]struct {
		typeName, arguments, config string
		want                        []string
		whole                       map[string]object
		requests                    []string
	}{
		"keys of a group": {
			typeName: keys, config: `group = "acme"`, want: []string{key7, key8, key9, key5},
			requests: []string{
				"GET /groups/acme/projects", "GET /projects/1/error_tracking/client_keys",
				"GET /projects/2/error_tracking/client_keys", "GET /projects/3/error_tracking/client_keys",
			},
		},
		"keys of a group alone": {
			typeName: keys, config: "group = \"1\"\n    include_subgroups = false", want: []string{key7, key8, key9},
			requests: []string{
				"GET /groups/1/projects", "GET /projects/1/error_tracking/client_keys", "GET /projects/2/error_tracking/client_keys",
			},
		},
		"keys of a subgroup": {
			typeName: keys, arguments: "include_resource = true", config: `group = "Acme%2Fsub"`, want: []string{key5},
			whole:    map[string]object{"acme/sub/api · key 5": gitlab.clientKeyObject("acme/sub/api", 3, 5)},
			requests: []string{"GET /groups/Acme%2Fsub/projects", "GET /projects/3/error_tracking/client_keys"},
		},
		"keys of a project by path": {
			typeName: keys, config: `project = "Acme/Web"`, want: []string{key7, key8},
			requests: []string{"GET /projects/1/error_tracking/client_keys", "GET /projects/acme%2Fweb"},
		},
		"keys of a project by ID": {
			typeName: keys, config: `project = "1"`, want: []string{key7, key8},
			requests: []string{"GET /projects/1", "GET /projects/1/error_tracking/client_keys"},
		},
		"one key": {
			typeName: keys, arguments: "limit = 1", config: `project = "1"`, want: []string{key7},
			requests: []string{"GET /projects/1", "GET /projects/1/error_tracking/client_keys"},
		},
		"settings of a group": {
			typeName: settings, arguments: "include_resource = true", config: `group = "acme"`, want: []string{web, api},
			whole: map[string]object{
				"acme/web":     settingsObject,
				"acme/sub/api": settingsObject.with(object{"id": "3", "project": "acme/sub/api", "project_id": 3, "active": false}),
			},
			requests: []string{
				"GET /groups/acme/projects", "GET /projects/1/error_tracking/settings",
				"GET /projects/2/error_tracking/settings", "GET /projects/3/error_tracking/settings",
			},
		},
		"settings of a project": {
			typeName: settings, config: `project = "acme/web"`, want: []string{web},
			requests: []string{"GET /projects/1/error_tracking/settings", "GET /projects/acme%2Fweb"},
		},
		"settings of a project without": {
			typeName: settings, config: `project = "acme/shop"`, want: []string{},
			requests: []string{"GET /projects/2/error_tracking/settings", "GET /projects/acme%2Fshop"},
		},
	} {
		steps = append(steps, resource.TestStep{
			PreConfig: gitlab.ClearRequests,
			Query:     true,
			Config:    gitlab.provider() + query(test.typeName, test.arguments, test.config),
			QueryResultChecks: []querycheck.QueryResultCheck{foundObjects{
				want: test.want, whole: test.whole,
				also: func() error { return gitlab.compare(gitlab.requests(), test.requests) },
			}},
		})
	}
	gitlab.run(t, resource.TestCase{Steps: steps})
}

// A project that may not be read is left out with a warning.
func TestList_unreadable(t *testing.T) {
	t.Parallel()
	for _, typeName := range []string{TypeName + clientKeyType, TypeName + settingsType} {
		t.Run(typeName, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, groupScenario())
			gitlab.SetRole(maintainer, 1, "developer")
			gitlab.AddFault(gitlabsim.Fault{Path: "/projects/2/*", Status: 404, Body: `{"message":"404 Project Not Found"}`})
			results := gitlab.listed(t, typeName, object{"group": "acme"}, 0)
			if len(results) != 2 || !strings.HasPrefix(results[0].DisplayName, "acme/sub/api") {
				t.Fatalf("got %d results: %+v", len(results), results)
			}
			d := results[1].Diagnostics
			if len(d) != 1 || d[0].Severity != tfprotov6.DiagnosticSeverityWarning || d[0].Summary != projectsSkipped || !strings.Contains(d[0].Detail, "of acme/web, acme/shop in group acme.") {
				t.Errorf("want one warning about both projects: %+v", d)
			}
		})
	}
}

// The warning names ten projects at most.
func TestList_manyUnreadable(t *testing.T) {
	t.Parallel()
	for count, want := range map[int]string{10: "acme/p10 in group acme.", 12: "acme/p10 and 2 more in group acme."} {
		scenario := manyProjects(count, 1)
		scenario.Faults = []gitlabsim.Fault{{Path: "/projects/*", Status: 403, Body: `{"message":"403 Forbidden"}`}}
		results := startTestbed(t, scenario).listed(t, TypeName+clientKeyType, object{"group": "acme"}, 0)
		if len(results) != 1 || len(results[0].Diagnostics) != 1 || !strings.Contains(results[0].Diagnostics[0].Detail, want) {
			t.Errorf("got %+v, want one warning with %q", results, want)
		}
	}
}

func TestList_fails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config string
		fault  gitlabsim.Fault
		want   []string
	}{
		"neither": {want: []string{"Missing Attribute Configuration"}},
		"both":    {config: "project = \"1\"\n    group = \"acme\"", want: []string{"Invalid Attribute Combination"}},
		"subgroups of a project": {
			config: "project = \"1\"\n    include_subgroups = true", want: []string{"Invalid Attribute Combination"},
		},
		"bad project":     {config: `project = "/web"`, want: []string{"Invalid project"}},
		"empty group":     {config: `group = ""`, want: []string{"Invalid group", "is empty"}},
		"bad group":       {config: `group = "/acme"`, want: []string{"Invalid group", "begins with a slash"}},
		"unknown group":   {config: `group = "none"`, want: []string{"Unable to find group", "Group none: ", "404 Group Not Found", "does not exist, or the token cannot see it"}},
		"unknown project": {config: `project = "acme/gone"`, want: []string{"Unable to find project", "Project acme/gone: ", "404 Project Not Found"}},
		"unreadable project": {
			config: `project = "acme/web"`, fault: gitlabsim.Fault{Path: "/projects/1/*", Status: 403, Body: `{"message":"403 Forbidden"}`},
			want: []string{"Unable to read project", "Project acme/web: ", "403 Forbidden"},
		},
		"GitLab fails": {
			config: `group = "acme"`, fault: gitlabsim.Fault{Path: "/projects/2/*", Status: 500},
			want: []string{"Unable to read project", "Project acme/shop: ", "500 Internal Server Error"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needsEngine(t, "1.14")
			scenario := groupScenario()
			if test.fault.Path != "" {
				scenario.Faults = []gitlabsim.Fault{test.fault}
			}
			terraform := newCommandLine(t, startTestbed(t, scenario), "provider \"gitlab\" {}\n")
			terraform.write(t, "find.tfquery.hcl", query(TypeName+clientKeyType, "", test.config))
			terraform.fails(t, test.want, "query")
		})
	}
}

// bigGroup is a group of 120 projects with 300 keys: the first has 121, each other one or two.
func bigGroup() gitlabsim.Scenario {
	scenario := twoProjects()
	scenario.Projects = nil
	for id := range int64(120) {
		keys := 1 + int(id%2)
		if id == 0 {
			keys = 121
		}
		scenario.Projects = append(scenario.Projects, gitlabsim.Project{ID: id + 1, Path: fmt.Sprintf("acme/p%03d", id+1), ClientKeys: gitlabsim.MakeKeys(keys)})
	}
	return scenario
}

// A query finds all keys of a big group with a request for each project and page.
func TestList_bigGroup(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, bigGroup())
	var results []tfprotov6.ListResourceResult
	for result := range gitlab.list(t, TypeName+clientKeyType, object{"group": "acme"}, 0) {
		results = append(results, result)
	}
	seen := map[string]bool{}
	for _, r := range results {
		seen[r.DisplayName] = true
	}
	if len(results) != 300 || len(seen) != 300 {
		t.Errorf("got %d results, %d different ones, want 300", len(results), len(seen))
	}
	// 2 pages of projects, a page of keys for each, and a second for the first project.
	if got := len(gitlab.Requests()); got != 2+120+1 {
		t.Errorf("%d requests", got)
	}
	if writes := gitlab.writes(); len(writes) > 0 {
		t.Errorf("the list wrote: %q", writes)
	}
}

// A limit ends the list, and with it the requests.
func TestList_limit(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, bigGroup())
	if results := gitlab.listed(t, TypeName+clientKeyType, object{"group": "acme"}, 3); len(results) != 3 {
		t.Errorf("got %d results, want 3", len(results))
	}
	// 2 pages of projects, 2 of the first project's keys, and the projects that are read at the same time.
	if got := len(gitlab.Requests()); got > 2+2+projectsAtOnce {
		t.Errorf("%d requests for 3 keys of one project", got)
	}
}

// A limit counts objects, not the projects that the token cannot read.
func TestList_limitSkipsUnreadable(t *testing.T) {
	t.Parallel()
	scenario := manyProjects(3, 1)
	scenario.Faults = []gitlabsim.Fault{{Path: "/projects/1/*", Status: 403, Body: `{"message":"403 Forbidden"}`}}
	gitlab := startTestbed(t, scenario)
	results := gitlab.listed(t, TypeName+clientKeyType, object{"group": "acme"}, 2)
	if len(results) != 2 || results[1].Identity == nil || len(results[0].Diagnostics) != 0 {
		t.Fatalf("got %+v, want the keys of 2 projects", results)
	}
	if d := results[1].Diagnostics; len(d) != 1 || d[0].Summary != projectsSkipped {
		t.Errorf("the last key comes with %+v, want a warning about the first project", d)
	}
}

// An interrupted list does not pass for a whole one.
func TestList_interrupted(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, bigGroup())
	server := gitlab.listServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	config := listConfig(t, object{"group": "acme"})
	stream, err := server.ListResource(ctx, &tfprotov6.ListResourceRequest{TypeName: TypeName + clientKeyType, Config: config})
	if err != nil {
		t.Fatal(err)
	}
	var last tfprotov6.ListResourceResult
	for result := range stream.Results {
		cancel()
		last = result
	}
	if len(last.Diagnostics) != 1 || last.Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityError {
		t.Errorf("the last result is %+v, want an error", last)
	}
}

// What a query or an import block generates is valid and plans nothing but the imports.
func TestGenerateConfig(t *testing.T) {
	t.Parallel()
	const imports = `
import {
  provider = gitlab
  to = gitlab_error_tracking_settings.web
  id = "acme/web"
}
import {
  provider = gitlab
  to = gitlab_error_tracking_client_key.web
  id = "acme/web:8"
}
`
	for name, test := range map[string]struct {
		since       string
		config      string
		queries     string
		generate    string
		importTotal string
	}{
		"query": {
			"1.14", "provider \"gitlab\" {}\n",
			query(TypeName+settingsType, "", `group = "acme"`) + strings.Replace(query(TypeName+clientKeyType, "", `group = "acme"`), `"test"`, `"keys"`, 1),
			"query", "Plan: 6 to import, 0 to add, 0 to change, 0 to destroy.",
		},
		"import block": {"", imports, "", "plan", "Plan: 2 to import, 0 to add, 0 to change, 0 to destroy."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needsEngine(t, test.since)
			gitlab := startTestbed(t, groupScenario())
			terraform := newCommandLine(t, gitlab, test.config)
			if test.queries != "" {
				terraform.write(t, "find.tfquery.hcl", test.queries)
			}
			if output, err := terraform.run(t, test.generate, "-generate-config-out=generated.tf"); err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			generated, err := os.ReadFile(filepath.Join(terraform.folder, "generated.tf"))
			if err != nil {
				t.Fatal(err)
			}
			// Terraform finds the provider of what is yet to be generated by this argument alone, and refuses it later.
			terraform.write(t, "main.tf", strings.ReplaceAll(requiredProviders+test.config, "  provider = gitlab\n", ""))
			output, err := terraform.run(t, "plan")
			if err != nil || !strings.Contains(output, test.importTotal) {
				t.Errorf("want %q: %v\n%s\n%s", test.importTotal, err, output, generated)
			}
			if output, err := terraform.run(t, "apply", "-auto-approve"); err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			terraform.changesNothing(t)
			if writes := gitlab.writes(); len(writes) > 0 {
				t.Errorf("the import wrote: %q", writes)
			}
		})
	}
}

// listed returns all results of a list.
func (b *testbed) listed(t *testing.T, typeName string, config object, limit int64) []tfprotov6.ListResourceResult {
	t.Helper()
	return slices.Collect(b.list(t, typeName, config, limit))
}

// list iterates over the results of a list as the provider sends them.
func (b *testbed) list(t *testing.T, typeName string, config object, limit int64) func(func(tfprotov6.ListResourceResult) bool) {
	t.Helper()
	stream, err := b.listServer(t).ListResource(t.Context(), &tfprotov6.ListResourceRequest{TypeName: typeName, Config: listConfig(t, config), Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	return stream.Results
}

func (b *testbed) listServer(t *testing.T) tfprotov6.ListResourceServer {
	t.Helper()
	server, ok := b.configured(t).(tfprotov6.ListResourceServer)
	if !ok {
		t.Fatal("the provider serves no list resources")
	}
	return server
}

// listConfig is a config block with the given texts.
func listConfig(t *testing.T, texts object) *tfprotov6.DynamicValue {
	t.Helper()
	types := map[string]tftypes.Type{"project": tftypes.String, "group": tftypes.String, "include_subgroups": tftypes.Bool}
	values := map[string]tftypes.Value{}
	for name, typ := range types {
		values[name] = tftypes.NewValue(typ, texts[name])
	}
	block := tftypes.Object{AttributeTypes: types}
	config, err := tfprotov6.NewDynamicValue(block, tftypes.NewValue(block, values))
	if err != nil {
		t.Fatal(err)
	}
	return &config
}
