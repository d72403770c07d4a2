package provider

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/google/go-cmp/cmp"
)

// groupDataConfigs are the data sources of a group, each with the given arguments.
var groupDataConfigs = map[string]func(arguments string) string{
	"client keys": func(arguments string) string {
		return "data \"gitlab_error_tracking_client_keys\" \"test\" {\n  " + arguments + "\n}\n"
	},
	"projects": projectsConfig,
}

func projectsConfig(arguments string) string {
	return "data \"gitlab_error_tracking_projects\" \"test\" {\n  " + arguments + "\n}\n"
}

// What the data sources of a group find: acme/sub/api shows the errors of a Sentry, acme/shop has no settings.
func TestGroupDataSources(t *testing.T) {
	t.Parallel()
	scenario := groupScenario()
	scenario.Projects[2].Settings = &gitlabsim.Settings{
		APIURL: new("https://sentry.example.com/api/0/projects/o/api/"), SentryExternalURL: new("https://sentry.example.com/o/api/"), ProjectName: new("api"),
	}
	gitlab := startTestbed(t, scenario)
	key := func(project string, projectID, keyID int64) object {
		o := gitlab.clientKeyObject(project, projectID, keyID)
		delete(o, "keepers")
		return o
	}
	web := object{"project": "acme/web", "project_id": 1, "settings": object{
		"active": true, "integrated": true, "project_name": nil, "sentry_external_url": nil, "api_url": nil,
	}}
	shop := object{"project": "acme/shop", "project_id": 2, "settings": nil}
	api := object{"project": "acme/sub/api", "project_id": 3, "settings": object{
		"active": false, "integrated": false, "project_name": "api",
		"sentry_external_url": "https://sentry.example.com/o/api/", "api_url": "https://sentry.example.com/api/0/projects/o/api/",
	}}
	key7, key8, key9, key5 := key("acme/web", 1, 7), key("acme/web", 1, 8), key("acme/shop", 2, 9), key("acme/sub/api", 3, 5)

	config, found := "", map[string]object{}
	finds := func(kind, name, arguments string, want object) {
		all := object{"group": "acme", "include_subgroups": nil, "unreadable": []string{}}
		if kind == "client keys" {
			all = all.with(object{"project": nil})
		}
		config += strings.Replace(groupDataConfigs[kind](arguments), `"test"`, `"`+name+`"`, 1)
		found["gitlab_error_tracking_"+strings.ReplaceAll(kind, " ", "_")+"."+name] = all.with(want)
	}
	const group, alone = `group = "acme"`, "group = \"1\"\n  include_subgroups = false"
	finds("projects", "all", group, object{"projects": []object{web, shop, api}})
	finds("projects", "alone", alone, object{"group": "1", "include_subgroups": false, "projects": []object{web, shop}})
	finds("client keys", "all", group, object{"keys": []object{key7, key8, key9, key5}})
	finds("client keys", "alone", alone, object{"group": "1", "include_subgroups": false, "keys": []object{key7, key8, key9}})
	terraform := newCommandLine(t, gitlab, config)
	terraform.applyTwice(t)
	terraform.hasDataInState(t, found)

	config, found = "", map[string]object{}
	unreadable := object{"unreadable": []string{"acme/web", "acme/shop"}}
	finds("projects", "all", group, unreadable.with(object{"projects": []object{api}}))
	finds("client keys", "all", group, unreadable.with(object{"keys": []object{key5}}))
	gitlab.SetRole(maintainer, 1, "developer")
	gitlab.AddFault(gitlabsim.Fault{Path: "/projects/2/*", Status: 404, Body: `{"message":"404 Project Not Found"}`})
	terraform.write(t, "main.tf", requiredProviders+config)
	terraform.applyTwice(t)
	terraform.hasDataInState(t, found)
	passes(t, gitlab.wrote())
}

func TestGroupDataSources_fail(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments string
		fault     gitlabsim.Fault
		want      []string
	}{
		"empty":                {arguments: `group = ""`, want: []string{"Invalid group", "it is empty", "numeric ID"}},
		"URL":                  {arguments: `group = "https://gitlab.com/acme"`, want: []string{"Invalid group", "it is a URL"}},
		"space":                {arguments: `group = "acme sub"`, want: []string{"Invalid group", "contains a space"}},
		"leading slash":        {arguments: `group = "/acme"`, want: []string{"Invalid group", "begins with a slash"}},
		"unknown":              {arguments: `group = "none"`, want: []string{"Unable to find group", "Group none: ", "404 Group Not Found"}},
		"unknown when planned": {arguments: `group = terraform_data.group.output`, want: []string{"Unable to find group", "Group none: ", "404 Group Not Found"}},
		"GitLab fails": {
			arguments: `group = "acme"`, fault: gitlabsim.Fault{Path: "/projects/2/*", Status: 500},
			want: []string{"Project acme/shop: ", "500 Internal Server Error"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := groupScenario()
			if test.fault.Path != "" {
				scenario.Faults = []gitlabsim.Fault{test.fault}
			}
			config := "resource \"terraform_data\" \"group\" {\n  input = \"none\"\n}\n"
			for _, kind := range groupDataConfigs {
				config += kind(test.arguments)
			}
			output, err := newCommandLine(t, startTestbed(t, scenario), config).run(t, "apply", "-auto-approve")
			messages := strings.Split(output, "Error: ")[1:]
			if err == nil || len(messages) != len(groupDataConfigs) {
				t.Errorf("%v, want an error for each data source:\n%s", err, output)
			}
			for _, message := range messages {
				if !hasInOrder(message, test.want...) {
					t.Errorf("the error does not say %q:\n%s", test.want, message)
				}
			}
		})
	}
}

// A big group costs a request for each 100 projects, and one for each project and page of its keys.
func TestGroupDataSources_bigGroup(t *testing.T) {
	t.Parallel()
	for kind, config := range groupDataConfigs {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, bigGroup())
			want := 2 + 120
			if kind == "client keys" {
				want++ // the first project has 121 keys
			}
			terraform := newCommandLine(t, gitlab, config(`group = "acme"`))
			terraform.succeeds(t, "plan")
			if got := len(gitlab.Requests()); got != want {
				t.Errorf("%d requests, want %d", got, want)
			}
			if writes := gitlab.writes(); len(writes) > 0 {
				t.Errorf("the data source wrote: %q", writes)
			}
		})
	}
}

// Projects are read at the same time, but not more than allowed, and what is found comes in their order.
func TestReadEach(t *testing.T) {
	t.Parallel()
	const count = 2*projectsAtOnce + 4
	projects := make([]errortracking.Project, count)
	want := make([]int64, count)
	for n := range projects {
		projects[n].ID, want[n] = int64(n+1), int64(n+1)
	}
	var running, peak atomic.Int64
	together := make(chan struct{})
	meet := sync.OnceFunc(func() { close(together) })
	var got []int64
	for read := range readEach(t.Context(), groupModel{}, projects, nil, func(_ context.Context, project errortracking.Project) (int64, error) {
		defer running.Add(-1)
		if now := running.Add(1); now == projectsAtOnce {
			meet()
		} else if now > projectsAtOnce {
			peak.Store(now)
		}
		<-together // goes on when so many run
		return project.ID, nil
	}) {
		if read.found != read.project.ID {
			t.Errorf("found %d in project %d", read.found, read.project.ID)
		}
		got = append(got, read.project.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("yielded (-want +got):\n%s", diff)
	}
	if peak.Load() != 0 {
		t.Errorf("%d projects were read at the same time, want at most %d", peak.Load(), projectsAtOnce)
	}
}

// An iteration that ends early, or an error, ends the reading: no further projects are read.
func TestReadEach_ends(t *testing.T) {
	t.Parallel()
	projects := make([]errortracking.Project, 3*projectsAtOnce)
	for name, test := range map[string]struct {
		fails error
		stop  bool
		want  int
	}{
		"early":                    {stop: true, want: 1},
		"with an error":            {fails: errortracking.ErrServer, want: 1},
		"with a forbidden project": {fails: errortracking.ErrForbidden, want: 1},
		"with the last project":    {want: len(projects)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var read atomic.Int64
			yielded := 0
			for range readEach(t.Context(), groupModel{}, projects, nil, func(context.Context, errortracking.Project) (int, error) {
				read.Add(1)
				return 0, test.fails
			}) {
				yielded++
				if test.stop {
					break
				}
			}
			if wantRead := max(projectsAtOnce, test.want); yielded != test.want || int(read.Load()) != wantRead {
				t.Errorf("yielded %d and read %d, want %d and %d", yielded, read.Load(), test.want, wantRead)
			}
		})
	}
}

// One project where a fine-grained token lacks a permission is listed as unreadable, like one without the role.
func TestGroupDataSources_missingPermission(t *testing.T) {
	t.Parallel()
	for kind, config := range groupDataConfigs {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			scenario := groupScenario()
			scenario.Faults = []gitlabsim.Fault{{Path: "/projects/2/*", Status: 403, Body: `{"error":"insufficient_granular_scope","error_description":"Access denied"}`}}
			gitlab := startTestbed(t, scenario)
			terraform := newCommandLine(t, gitlab, config(`group = "acme"`)+"output \"unreadable\" {\n  value = join(\",\", data.gitlab_error_tracking_"+strings.ReplaceAll(kind, " ", "_")+".test.unreadable)\n}\n")
			terraform.succeeds(t, "apply", "-auto-approve")
			if got := strings.TrimSpace(terraform.succeeds(t, "output", "-raw", "unreadable")); got != "acme/shop" {
				t.Errorf("unreadable is %q", got)
			}
		})
	}
}
