package gitlabsim_test

import (
	"net/http"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

const (
	control         = "/-/projects/1"
	controlInstance = "/-/instance"
	controlFaults   = "/-/faults"
)

var controlRows = []row{
	{"GET shows what is stored, whatever the flag", with(both(flagOff, stored(true, true), func(_ *gitlabsim.Scenario, p *gitlabsim.Project) {
		p.ClientKeys = gitlabsim.ClientKeys{{}, {Inactive: true}}
	})), []step{get(control), get("/-/projects/acme%2Fweb"), head(control)}},
	{"GET of a project with nothing", with(plain), []step{get(control)}},
	{"POST adds a project", with(plain), []step{
		{method: "POST", path: "/-/projects", body: `{"id":5,"path":"acme/new/shop","client_keys":2,"settings":{"active":true,"integrated":true}}`},
		get("/projects/5/error_tracking/client_keys"), get("/projects/acme%2Fnew%2Fshop/error_tracking/settings"), post(keys),
	}},
	{"a project added at an old path ends the redirect", with(moved), []step{
		get("/projects/acme%2Fold"), {method: "POST", path: "/-/projects", body: `{"id":2,"path":"ACME/old"}`}, get("/projects/acme%2Fold"),
		del("/-/projects/2"), get("/projects/acme%2Fold"),
	}},
	{"POST of a bad project", with(both(moved, withKeys(1), another)), []step{
		{method: "POST", path: "/-/projects", body: `{"id":1,"path":"acme/new"}`},
		{method: "POST", path: "/-/projects", body: `{"id":5,"path":"acme/WEB"}`},
		{method: "POST", path: "/-/projects", body: `{"id":5,"path":"acme/new","old_paths":["acme/web"]}`},
		{method: "POST", path: "/-/projects", body: `{"id":5,"path":"acme/new","client_keys":[{"id":1}]}`},
		{method: "POST", path: "/-/projects", body: `{"id":5,"path":"acme/new","colour":"red"}`},
		{method: "POST", path: "/-/projects", body: `{"id":"5","path":"acme/new"}`},
		post("/-/projects"),
		get("/-/projects/5"),
	}},
	{"PATCH path: the old one redirects until another project takes it", with(another), []step{
		patch(control, `{"path":"acme/site"}`), get("/projects/acme%2Fweb"), patch("/-/projects/2", `{"path":"acme/web"}`),
		get("/projects/acme%2Fweb?simple=true"), patch(control, `{"path":"acme/sub/api"}`), get("/projects/acme%2Fsub%2Fapi"),
	}},
	{"PATCH changes what it gives and nothing else", with(both(stored(true, false), withKeys(1))), []step{
		patch(control, `{"archived":true}`), patch(control, `{"integrated_error_tracking":false}`), put(settings, on),
		patch(control, `{"settings":{"active":false,"integrated":true,"project_name":"P"}}`), patch(control, `{}`),
	}},
	{"PATCH settings null removes the row", with(stored(true, true)), []step{patch(control, `{"settings":null}`), get(settings)}},
	{"PATCH client_keys replaces the list, and a higher ID advances the sequence", with(withKeys(2)), []step{
		patch(control, `{"client_keys":[{"id":9,"active":true,"public_key":"glet_nine"},{"id":1,"active":false,"public_key":"`+firstKey+`"},{}]}`),
		post(keys), get(keys), patch(control, `{"client_keys":[]}`), post(keys), patch(control, `{"client_keys":1}`),
	}},
	{"PATCH of a bad project changes nothing", with(both(withKeys(1), another)), []step{
		patch(control, `{"archived":true,"path":"web"}`),
		patch(control, `{"archived":true,"path":"acme/sub/api"}`),
		patch(control, `{"archived":"maybe"}`),
		patch(control, `{"archived":true,"colour":"red"}`),
		patch(control, `{"archived":true,"settings":{"active":1}}`),
		patch(control, `{"archived":true,"settings":5}`),
		patch(control, `{"archived":true,"client_keys":[{"id":2}]}`),
		patch(control, `{"archived":true,"client_keys":[{"id":"3"}]}`),
		patch(control, `{"archived":true,"client_keys":[{"id":3,"active":"no"}]}`),
		patch(control, `{"archived":true,"client_keys":-1}`),
		patch(control, `{"archived":true,"path":`),
		patch(control, `[]`),
		get(control),
	}},
	{"DELETE removes a project", with(plain), []step{del(control), get("/projects/1"), get(control)}},
	{"an unknown project", with(moved), []step{
		get("/-/projects/9"), patch("/-/projects/9", `{}`), del("/-/projects/9"), get("/-/projects/acme%2Fold"), get("/-/projects/web"),
	}},
	{"PATCH the instance's flag counts where a project has none of its own", with(both(func(_ *gitlabsim.Scenario, p *gitlabsim.Project) {
		p.IntegratedErrorTracking = new(true)
	}, another)), []step{
		patch(controlInstance, `{"integrated_error_tracking":false}`), put(settings, on), put("/projects/2/error_tracking/settings", on),
	}},
	{"PATCH the instance's dsn_base_url", with(withKeys(1)), []step{
		patch(controlInstance, `{"dsn_base_url":"https://observe.example.com"}`), del(keys + "/1"), patch(controlInstance, `{"dsn_base_url":"broken"}`), post(keys),
	}},
	{"PATCH error_tracking removes the API and brings it back", with(stored(true, true)), []step{
		patch(controlInstance, `{"error_tracking":false}`), get(settings), get("/version"), patch(controlInstance, `{"error_tracking":true}`), get(settings),
	}},
	{"PATCH tokens replaces the list", with(stored(true, true)), []step{
		patch(controlInstance, `{"tokens":[{"token":"new-token","roles":{"1":"developer"}},{"token":"maintainer-token","state":"revoked"}]}`),
		get(settings), get(settings).as("new-token"), get(settings).as("admin-token"),
	}},
	{"PATCH of a bad instance changes nothing", with(withKeys(1)), []step{
		patch(controlInstance, `{"error_tracking":false,"tokens":[{"token":"t","roles":{"9":"owner"}}]}`),
		patch(controlInstance, `{"error_tracking":false,"tokens":[{"token":""}]}`),
		patch(controlInstance, `{"error_tracking":false,"tokens":{}}`),
		patch(controlInstance, `{"error_tracking":false,"dsn_base_url":5}`),
		patch(controlInstance, `{"error_tracking":false,"version":"19.0"}`),
		patch(controlInstance, ``),
		get(settings),
	}},
	{"POST and DELETE faults", with(plain), []step{
		{method: "POST", path: controlFaults, body: `{"method":"GET","path":"/version","status":503,"times":1}`},
		{method: "POST", path: controlFaults, body: `{"path":"/projects/*","status":502}`},
		get("/version"), get("/version"), get("/projects/1"), get(control), del(controlFaults), get("/projects/1?simple=true"),
	}},
	{"POST of a bad fault", with(plain), []step{
		{method: "POST", path: controlFaults, body: `{"status":503}`},
		{method: "POST", path: controlFaults, body: `{"path":"/version","status":"503"}`},
		{method: "POST", path: controlFaults, body: `{"path":"/version","status":503,"headers":{"A":1}}`},
		get("/version"),
	}},
	{"GET and DELETE requests, without those below /-/", with(plain), []step{
		get("/-/requests"), get("/version"), del(keys + "/1?a=b"), get(control), get("/-/requests"), del("/-/requests"), get("/-/requests"),
	}},
	{"not a control request", with(plain), []step{get("/-/nothing"), put(control, `{}`), post(control), get(controlInstance)}},
}

// TestControlRequestsBesideRoot sends control requests to a GitLab with a relative root, which they are not below.
func TestControlRequestsBesideRoot(t *testing.T) {
	t.Parallel()
	s := with(plain)
	s.ExternalURL = "https://example.com/gitlab/"
	server := start(t, s, gitlabsim.Options{})
	if got := ask(t, http.MethodGet, server.URL()+control); got.status != http.StatusOK {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

// TestControlDrop adds a fault that cuts the connection.
func TestControlDrop(t *testing.T) {
	t.Parallel()
	server := start(t, with(plain), gitlabsim.Options{})
	added := request(t, http.DefaultClient, http.MethodPost, server.URL()+controlFaults, `{"method":"POST","path":"/projects/*","drop":true,"after":true}`, nil)
	if added.status != http.StatusNoContent {
		t.Fatalf("got %d %s", added.status, added.body)
	}
	if got := ask(t, http.MethodPost, server.URL()+"/api/v4"+keys); got.status != 0 || len(server.Keys(1)) != 1 {
		t.Errorf("got %d %s with keys %+v", got.status, got.body, server.Keys(1))
	}
}
