package gitlabsim_test

import (
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// granular adds a fine-grained token with the permissions given: a maintainer of project 1, and a developer of project 2.
// It adds projects too, so edits of project 1 go before it.
func granular(permissions ...string) func(*gitlabsim.Scenario, *gitlabsim.Project) {
	return func(s *gitlabsim.Scenario, p *gitlabsim.Project) {
		another(s, p)
		s.Projects = append(s.Projects, gitlabsim.Project{ID: 3, Path: "acme/open", Visibility: "public"})
		s.Tokens = append(s.Tokens, gitlabsim.Token{
			Token:       "fine-grained-token",
			Permissions: append([]string{}, permissions...),
			Roles:       map[string]string{"1": "maintainer", "2": "developer"},
		})
	}
}

// withToken makes each step with the fine-grained token.
func withToken(steps ...step) []step {
	for n := range steps {
		if steps[n].do == nil {
			steps[n] = steps[n].as("fine-grained-token")
		}
	}
	return steps
}

// everyCall makes each error tracking call on a project.
func everyCall(project string) []step {
	base := "/projects/" + project
	return []step{
		get(base), get(base + "/error_tracking/settings"), put(base+"/error_tracking/settings", on), patch(base+"/error_tracking/settings", on),
		get(base + "/error_tracking/client_keys"), post(base + "/error_tracking/client_keys"), del(base + "/error_tracking/client_keys/1"),
	}
}

var allPermissions = []string{
	"read_error_tracking_setting", "update_error_tracking_setting", "read_error_tracking_client_key",
	"create_error_tracking_client_key", "delete_error_tracking_client_key", "read_project",
}

var permissionRows = []row{
	{"every permission", with(both(stored(true, true), granular(allPermissions...))), withToken(everyCall("1")...)},
	{"no permission", with(both(stored(true, true), granular())), withToken(everyCall("1")...)},
	{"reading alone", with(both(stored(true, true), granular("read_error_tracking_setting", "read_error_tracking_client_key"))), withToken(everyCall("1")...)},
	{"updating settings alone", with(both(stored(true, true), granular("update_error_tracking_setting"))), withToken(everyCall("1")...)},
	{"creating keys alone", with(both(stored(true, true), granular("create_error_tracking_client_key"))), withToken(everyCall("1")...)},
	{"deleting keys alone", with(both(withKeys(1), granular("delete_error_tracking_client_key"))), withToken(everyCall("1")...)},
	{"reading the project alone", with(granular("read_project")), withToken(everyCall("1")...)},
	{"a path needs Project: Read", with(both(stored(true, true), granular(allPermissions[:5]...))), withToken(
		get("/projects/acme%2Fweb/error_tracking/settings"), post("/projects/acme%2Fweb/error_tracking/client_keys"), get(settings),
	)},
	{"a path with Project: Read", with(both(stored(true, true), granular(allPermissions...))), withToken(
		get("/projects/acme%2Fweb"), get("/projects/acme%2Fweb/error_tracking/settings"),
	)},
	{"a path and no permission", with(granular()), withToken(get("/projects/acme%2Fweb/error_tracking/settings"))},
	{"a project the token does not cover", with(granular(allPermissions...)), withToken(everyCall("3")...)},
	{"a project that is gone", with(granular(allPermissions...)), withToken(everyCall("9")...)},
	{"the project's 404 comes before a missing permission", with(granular()), withToken(get("/projects/9/error_tracking/settings"))},
	{"a missing permission comes before the role", with(granular("read_error_tracking_setting")), withToken(
		get("/projects/2/error_tracking/settings"), post("/projects/2/error_tracking/client_keys"),
	)},
	{"PUT with the flag off", with(both(flagOff, granular(allPermissions...))), withToken(put(settings, on))},
	{"an old path", with(both(moved, granular(allPermissions...))), withToken(
		get("/projects/acme%2Fold/error_tracking/settings"), put("/projects/acme%2Fold/error_tracking/settings", on),
	)},
	{"endpoints that do not take fine-grained tokens", with(granular(allPermissions...)), withToken(
		get("/user"), get("/version"), get("/groups/acme/projects"),
	)},
	{"an expired one", with(both(granular(allPermissions...), func(s *gitlabsim.Scenario, _ *gitlabsim.Project) {
		s.Tokens[len(s.Tokens)-1].State = "expired"
	})), withToken(get(settings), get("/user"))},
}
