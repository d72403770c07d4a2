package gitlabsim_test

import (
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

const (
	on       = `{"active":true,"integrated":true}`
	off      = `{"active":false,"integrated":true}`
	inactive = `{"active":false,"integrated":false}`
	sentryOn = `{"active":true,"integrated":false}`
)

var settingsRows = []row{
	{"GET settings answers the row", with(stored(true, true)), []step{get(settings)}},
	{"PUT makes the row, and updates it", with(plain), []step{put(settings, on), get(settings), put(settings, off), get(settings)}},
	{"PATCH changes active alone, or integrated too", with(stored(true, true)), []step{
		patch(settings, `{"active":false}`), patch(settings, on),
	}},
	{"PUT that leaves active without integrated and without Sentry stores nothing", with(plain), []step{
		put(settings, sentryOn), get(settings),
	}},
	{"PATCH that leaves active without integrated and without Sentry stores nothing", with(stored(true, true)), []step{
		patch(settings, sentryOn), get(settings),
	}},
	{"a blocked api_url fails any changing PATCH, also active=false", with(sentry("localhost")), []step{
		patch(settings, `{"active":false}`), patch(settings, on), get(settings),
	}},
	{"a blocked api_url fails a changing PUT", with(sentry("localhost")), []step{put(settings, on), get(settings)}},
	{"what GitLab calls localhost, and the rest of the loopback network", with(sentry("127.0.0.1:9000")), []step{
		patch(settings, off), change("the row gets a URL on [::1]", sentryAt("[::1]")), patch(settings, off),
		change("the row gets a URL on 0.0.0.0", sentryAt("0.0.0.0")), patch(settings, off),
		change("the row gets a URL on sentry.localhost", sentryAt("sentry.localhost")), patch(settings, off),
		change("the row gets a URL on 127.0.0.2", sentryAt("127.0.0.2")), patch(settings, off),
		change("the row gets a URL on 192.0.2.1", sentryAt("192.0.2.1")), patch(settings, off),
	}},
	{"PATCH that changes nothing is not validated", with(sentry("localhost")), []step{
		patch(settings, `{"active":true}`), patch(settings, sentryOn),
	}},
	{"PATCH that changes nothing makes no key", with(stored(true, true)), []step{
		patch(settings, on), get(keys),
	}},
	{"PUT active=false integrated=true with no row makes the row and no key", with(plain), []step{
		put(settings, off), get(keys),
	}},
	{"PUT active=false integrated=false with no row makes the row and no key", with(plain), []step{
		put(settings, inactive), get(keys),
	}},
	{"settings saved active and integrated without a key make one by themselves", with(plain), []step{
		put(settings, on), get(keys),
	}},
	{"settings saved active and integrated with inactive keys alone make a key", with(func(_ *gitlabsim.Scenario, p *gitlabsim.Project) {
		p.ClientKeys = gitlabsim.ClientKeys{{Inactive: true}}
	}), []step{put(settings, on), get(keys)}},
	{"settings saved active and integrated with an active key make none", with(withKeys(1)), []step{
		put(settings, on), get(keys),
	}},
	{"a key that stands in for the one GitLab would make, and is deleted after the save", with(plain), []step{
		post(keys), put(settings, on), del(keys + "/1"), get(keys), patch(settings, on), get(keys),
	}},
	{"PATCH that turns active and integrated on without a key makes one", with(stored(false, false)), []step{
		patch(settings, on), get(keys),
	}},
	{"a key that is gone when the save arrives is made again", with(plain), []step{
		post(keys), del(keys + "/1"), put(settings, on), get(keys),
	}},
	{"the last key deleted leaves settings active, and off and on makes a new key", with(both(stored(true, true), withKeys(1))), []step{
		del(keys + "/1"), get(settings), patch(settings, `{"active":true}`), get(keys),
		patch(settings, `{"active":false}`), get(keys), patch(settings, `{"active":true}`), get(keys),
	}},
	{"PATCH integrated=true with the flag off never converges", with(both(flagOff, stored(false, false))), []step{
		patch(settings, on), patch(settings, on), get(settings), get(keys),
		change("the flag is switched on", func(s *gitlabsim.Server) { s.SetFlag(1, true) }), get(settings),
	}},
	{"PATCH works with the flag off", with(both(flagOff, stored(true, true))), []step{
		patch(settings, `{"active":false}`),
	}},
	{"PATCH integrated=true on a Sentry row keeps the Sentry values, and switching back works", with(sentry("sentry.example.com")), []step{
		patch(settings, on), patch(settings, sentryOn), patch(settings, `{"active":false}`), patch(settings, `{"active":true}`),
	}},
}

// sentryAt stores a settings row with a URL on host.
func sentryAt(host string) func(*gitlabsim.Server) {
	return func(s *gitlabsim.Server) {
		s.SetSettings(1, &gitlabsim.Settings{Active: true, APIURL: new("https://" + host + "/api/0/projects/o/p/")})
	}
}

// broken makes the instance setting no URL.
func broken(s *gitlabsim.Scenario, _ *gitlabsim.Project) { s.DSNBaseURL = new("not a url") }

// dsnBase sets the instance setting.
func dsnBase(url string) func(*gitlabsim.Scenario, *gitlabsim.Project) {
	return func(s *gitlabsim.Scenario, _ *gitlabsim.Project) { s.DSNBaseURL = &url }
}

// headersOnly leaves the body of an answer out.
func headersOnly(s step) step { s.only = "headers"; return s }

var clientKeyRows = []row{
	{"POST answers 201 with the key", with(plain), []step{post(keys)}},
	{"POST takes no input and ignores any", with(plain), []step{{method: "POST", path: keys, body: `{"public_key":"mine","active":false}`}}},
	{"DELETE answers 200 with the deleted key", with(withKeys(2)), []step{del(keys + "/1"), get(keys)}},
	{"POST works with inactive settings", with(stored(false, false)), []step{post(keys)}},
	{"POST works with the flag off", with(flagOff), []step{post(keys)}},
	{"POST works on an archived project", with(func(_ *gitlabsim.Scenario, p *gitlabsim.Project) { p.Archived = true }), []step{post(keys), put(settings, on)}},
	{"POST has no maximum", with(withKeys(300)), []step{post(keys)}},
	{"a broken instance setting: POST answers 500 and the key exists", with(broken), []step{
		post(keys), get(keys), change("the instance setting is mended", mend), get(keys),
	}},
	{"a broken instance setting: DELETE answers 500 and the key is gone", with(both(broken, withKeys(1))), []step{
		del(keys + "/1"), change("the instance setting is mended", mend), get(keys),
	}},
	{"a broken instance setting: list answers 500", with(both(broken, withKeys(1))), []step{get(keys)}},
	{"the DSN is computed on every read, its port always printed", with(both(withKeys(1), dsnBase("https://observe.example.com"))), []step{
		get(keys), change("the instance setting changes", func(s *gitlabsim.Server) { s.SetDSNBaseURL("http://127.0.0.1:9000") }), get(keys),
	}},
	{"the DSN of GitLab.com", with(withKeys(1)), []step{get(keys)}},
	{"the DSN with the instance setting unset", with(both(withKeys(1), dsnBase(""))), []step{get(keys)}},
	{"inactive keys are listed", with(func(_ *gitlabsim.Scenario, p *gitlabsim.Project) {
		p.ClientKeys = gitlabsim.ClientKeys{{}, {Inactive: true}}
	}), []step{get(keys)}},
	{"key IDs come from one sequence of the instance", with(another), []step{
		post(keys), post("/projects/2/error_tracking/client_keys"), del(keys + "/2"), post(keys),
	}},
	{"a higher key ID advances the sequence, and the list ascends", with(func(_ *gitlabsim.Scenario, p *gitlabsim.Project) {
		p.ClientKeys = gitlabsim.ClientKeys{{ID: 40}, {ID: 7}}
	}), []step{post(keys), get(keys)}},
	{"Link holds the page and per_page that were used", with(withKeys(250)), []step{
		headersOnly(get(keys)), headersOnly(get(keys + "?page=0&per_page=many")), headersOnly(get(keys + "?page=2&per_page=500")),
		headersOnly(get(keys + "?page=2&per_page=30")),
	}},
	{"keys ascend, 20 a page", with(withKeys(45)), []step{headersOnly(get(keys)), headersOnly(get(keys + "?page=2")), get(keys + "?page=3")}},
	{"100 a page at most", with(withKeys(250)), []step{headersOnly(get(keys + "?per_page=100&page=3")), headersOnly(get(keys + "?per_page=500&page=2"))}},
	{"order_by, sort and pagination=keyset are ignored", with(withKeys(2)), []step{get(keys + "?order_by=created_at&sort=desc&pagination=keyset")}},
	{"a page past the end is empty", with(withKeys(2)), []step{get(keys + "?page=9")}},
	{"no keys", with(plain), []step{get(keys)}},
	{"per_page=0 is a server error", with(withKeys(2)), []step{get(keys + "?per_page=0")}},
	{"a per_page or page that is not a number is the default", with(withKeys(2)), []step{
		headersOnly(get(keys + "?per_page=many&page=last")), headersOnly(get(keys + "?per_page=-1&page=-1")),
	}},
	{"no totals above 10,000 rows", with(withKeys(10_001)), []step{headersOnly(get(keys + "?per_page=100"))}},
}

// mend sets the instance setting to that of GitLab.com.
func mend(s *gitlabsim.Server) { s.SetDSNBaseURL("https://observe.gitlab.com") }

// older makes GitLab of another version.
func older(version string) func(*gitlabsim.Scenario, *gitlabsim.Project) {
	return func(s *gitlabsim.Scenario, _ *gitlabsim.Project) { s.Version = version }
}

// another adds project 2 with a key.
func another(s *gitlabsim.Scenario, _ *gitlabsim.Project) {
	s.Projects = append(s.Projects, gitlabsim.Project{ID: 2, Path: "acme/sub/api", ClientKeys: gitlabsim.MakeKeys(1)})
}

var notFoundRows = []row{
	{"no such project", with(plain), []step{get("/projects/9/error_tracking/settings"), get("/projects/acme%2Fnone"), post("/projects/9/error_tracking/client_keys")}},
	{"a project the token may not see", with(plain), []step{get(settings).as("stranger-token"), get("/projects/1").as("stranger-token"), post(keys).as("stranger-token")}},
	{"a path without a slash", with(plain), []step{get("/projects/web"), get("/projects/acme/error_tracking/settings")}},
	{"GET and PATCH without a settings row", with(plain), []step{get(settings), patch(settings, on)}},
	{"PUT with the flag off", with(both(flagOff, stored(true, true))), []step{
		put(settings, off), change("the flag is switched on", func(s *gitlabsim.Server) { s.SetFlag(1, true) }), get(settings),
	}},
	{"PUT with the flag off for the project", with(func(_ *gitlabsim.Scenario, p *gitlabsim.Project) { p.IntegratedErrorTracking = new(false) }), []step{put(settings, on), get(settings), get(keys)}},
	{"DELETE of a key that is missing or of another project", with(another), []step{del(keys + "/7"), del(keys + "/1"), del("/projects/2/error_tracking/client_keys/1")}},
	{"an unencoded path is not a route", with(plain), []step{get("/projects/acme/web"), get("/projects/acme/web/error_tracking/settings")}},
	{"endpoints GitLab does not have are no routes", with(both(stored(true, true), withKeys(1))), []step{
		del(settings), post(settings), get(keys + "/1"), put(keys+"/1", `{}`), patch(keys+"/1", `{}`), get("/nothing"),
	}},
	{"a GitLab without error tracking has no such routes, and the rest still answers", with(func(s *gitlabsim.Scenario, _ *gitlabsim.Project) {
		s.ErrorTracking = new(false)
	}), []step{get(settings), put(settings, on), patch(settings, on), get(keys), post(keys), del(keys + "/1"), get(settings).as("none"),
		get("/version"), get("/user"), get("/projects/1")}},
	{"PUT before GitLab 15.10 is not a route", with(older("15.9.0")), []step{put(settings, on)}},
	{"client keys before GitLab 14.3 are no routes", with(older("14.2.9")), []step{get(keys), post(keys), del(keys + "/1")}},
	{"no route comes before the token", with(plain), []step{get("/nothing").as("none")}},
}

var authenticationRows = []row{
	{"PRIVATE-TOKEN and Authorization: Bearer", with(stored(true, true)), []step{
		get(settings).as("maintainer-token"), {method: "GET", path: settings, token: "maintainer-token", bearer: true},
	}},
	{"Bearer in any case", with(stored(true, true)), []step{
		{method: "GET", path: settings, token: "none", headers: []string{"Authorization: bearer maintainer-token"}},
		{method: "GET", path: settings, token: "none", headers: []string{"Authorization: BEARER maintainer-token"}},
		{method: "GET", path: settings, token: "none", headers: []string{"Authorization: Basic maintainer-token"}},
	}},
	{"the parameters private_token and access_token", with(stored(true, true)), []step{
		get(settings + "?private_token=maintainer-token").as("none"), get(settings + "?access_token=maintainer-token").as("none"),
		put(settings, `{"private_token":"maintainer-token","active":true,"integrated":true}`).as("none"),
		put(settings, `{"access_token":"maintainer-token","active":true,"integrated":true}`).as("none"),
		{method: "PUT", path: settings, token: "none", body: "private_token=maintainer-token&active=true&integrated=true", contentType: "application/x-www-form-urlencoded"},
		get(settings + "?private_token=unknown-token"), get(settings + "?access_token=unknown-token"), get(settings + "?private_token=").as("none"),
	}},
	{"no token or an unknown one", with(plain), []step{
		get(settings).as("none"), get(settings).as("unknown-token"), {method: "GET", path: settings, token: "unknown-token", bearer: true},
		get("/user").as("none"), get("/version").as("none"), get("/projects/1").as("none"), get("/groups/acme/projects").as("none"),
	}},
	{"an expired token", with(plain), []step{get(settings).as("expired-token"), post(keys).as("expired-token")}},
	{"a revoked token", with(plain), []step{get(settings).as("revoked-token")}},
	{"read_api may read and not write", with(both(stored(true, true), withKeys(1))), []step{
		get(settings).as("reader-token"), get(keys).as("reader-token"),
		put(settings, on).as("reader-token"), patch(settings, on).as("reader-token"), post(keys).as("reader-token"), del(keys + "/1").as("reader-token"),
	}},
	{"a scope of another kind may nothing", with(stored(true, true)), []step{get(settings).as("user-token"), get("/projects/1").as("user-token"), get("/user").as("user-token")}},
	{"below Maintainer", with(both(stored(true, true), withKeys(1))), []step{
		get(settings).as("developer-token"), put(settings, on).as("developer-token"), patch(settings, on).as("developer-token"),
		get(keys).as("developer-token"), post(keys).as("developer-token"), del(keys + "/1").as("developer-token"), get("/projects/1").as("developer-token"),
	}},
	{"no member of a public project", with(func(_ *gitlabsim.Scenario, p *gitlabsim.Project) { p.Visibility = "public" }), []step{
		get(settings).as("stranger-token"), post(keys).as("stranger-token"),
	}},
	{"no member of an internal project", with(func(_ *gitlabsim.Scenario, p *gitlabsim.Project) { p.Visibility = "internal" }), []step{
		get(settings).as("stranger-token"),
	}},
	{"no member of a private project", with(plain), []step{get(settings).as("stranger-token"), post(keys).as("stranger-token")}},
	{"an administrator may everything", with(stored(true, true)), []step{get(settings).as("admin-token"), post(keys).as("admin-token")}},
	{"a role that is taken away", with(stored(true, true)), []step{
		get(settings),
		change("maintainer-token becomes a reporter", func(s *gitlabsim.Server) { s.SetRole("maintainer-token", 1, "reporter") }), get(settings),
		change("maintainer-token is no longer a member", func(s *gitlabsim.Server) { s.SetRole("maintainer-token", 1, "") }), get(settings),
	}},
	{"401 comes before project 404", with(plain), []step{get("/projects/9/error_tracking/settings").as("expired-token")}},
	{"missing scopes come before project 404", with(plain), []step{put("/projects/9/error_tracking/settings", on).as("reader-token")}},
	{"project 404 comes before 403", with(plain), []step{put(settings, on).as("stranger-token")}},
	{"405 of a moved project comes before 403", with(moved), []step{put("/projects/acme%2Fold/error_tracking/settings", on).as("developer-token")}},
	{"403 comes before 400", with(plain), []step{put(settings, `{}`).as("developer-token"), del(keys + "/abc").as("developer-token")}},
	{"400 comes before the row's 404", with(plain), []step{patch(settings, `{}`)}},
	{"400 comes before the flag's 404", with(flagOff), []step{put(settings, `{}`)}},
}

var parameterRows = []row{
	{"active is missing", with(stored(true, true)), []step{patch(settings, `{}`), patch(settings, `{"integrated":true}`), put(settings, `{"integrated":true}`), patch(settings, "")}},
	{"integrated is missing", with(plain), []step{put(settings, `{"active":true}`)}},
	{"both are missing", with(plain), []step{put(settings, `{}`)}},
	{"active is empty", with(stored(true, true)), []step{patch(settings, `{"active":""}`), patch(settings, `{"active":null}`), {method: "PATCH", path: settings + "?active="}}},
	{"active is invalid", with(stored(true, true)), []step{patch(settings, `{"active":"maybe"}`), patch(settings, `{"active":2}`), patch(settings, `{"active":[true]}`)}},
	{"integrated is invalid", with(stored(true, true)), []step{patch(settings, `{"active":true,"integrated":"maybe"}`), put(settings, `{"active":true,"integrated":{}}`)}},
	{"integrated null changes nothing in PATCH and is missing in PUT", with(stored(true, true)), []step{
		patch(settings, `{"active":false,"integrated":null}`), put(settings, `{"active":true,"integrated":null}`), get(settings),
	}},
	{"a key ID that is not an integer", with(withKeys(2)), []step{del(keys + "/abc"), del(keys + "/2xyz"), get(keys)}},
	{"a key ID that is not an integer before GitLab 19.1", with(both(older("19.0.3-ee"), withKeys(2))), []step{del(keys + "/abc"), del(keys + "/2xyz"), get(keys)}},
	{"a key ID beyond all integers", with(plain), []step{del(keys + "/99999999999999999999")}},
	{"parameters come in the query, a form or JSON", with(plain), []step{
		{method: "PUT", path: settings + "?active=true&integrated=true"},
		{method: "PUT", path: settings, body: "active=false&integrated=true", contentType: "application/x-www-form-urlencoded"},
		{method: "PUT", path: settings, body: "--b\r\nContent-Disposition: form-data; name=\"active\"\r\n\r\ntrue\r\n--b\r\nContent-Disposition: form-data; name=\"integrated\"\r\n\r\ntrue\r\n--b--\r\n", contentType: "multipart/form-data; boundary=b"},
		put(settings, off),
	}},
	{"the body overrules the query", with(plain), []step{put(settings+"?active=false&integrated=false", `{"active":true,"integrated":true}`)}},
	{"a body without content type is JSON", with(plain), []step{{method: "PUT", path: settings, body: on, contentType: "none"}}},
	{"other content types with a body", with(plain), []step{
		{method: "PUT", path: settings, body: on, contentType: "text/plain"},
		{method: "POST", path: keys, body: "x", contentType: "application/xml; charset=utf-8"},
	}},
	{"a body that is not JSON", with(plain), []step{put(settings, `{"active":`), put(settings, " ")}},
	{"JSON that is followed by text", with(plain), []step{put(settings, on+"x"), put(settings, on+" {}"), put(settings, on+"\n")}},
	{"JSON that is not an object has no parameters", with(plain), []step{put(settings, `[true]`)}},
	{"texts that are Booleans", with(stored(false, true)), []step{
		patch(settings, `{"active":"1"}`), patch(settings, `{"active":0}`), patch(settings, `{"active":"on"}`), patch(settings, `{"active":"f"}`), patch(settings, `{"active":"yes"}`), patch(settings, `{"active":"tRuE"}`),
	}},
}

// moved gives project 1 an old path.
func moved(_ *gitlabsim.Scenario, p *gitlabsim.Project) { p.OldPaths = []string{"acme/old"} }

var projectRows = []row{
	{"GET a project by ID and by path", with(plain), []step{get("/projects/1"), get("/projects/acme%2Fweb")}},
	{"a path in any case", with(stored(true, true)), []step{get("/projects/ACME%2FWeb"), get("/projects/acme%2fWEB/error_tracking/settings")}},
	{"a subgroup's project", with(another), []step{get("/projects/acme%2Fsub%2Fapi")}},
	{"GET of an old path redirects to the ID on the external URL", with(moved), []step{
		get("/projects/acme%2Fold"), get("/projects/acme%2Fold/error_tracking/settings"), get("/projects/acme%2Fold/error_tracking/client_keys?page=2&per_page=100"),
	}},
	{"every other method on an old path, HEAD included", with(moved), []step{
		head("/projects/acme%2Fold/error_tracking/settings"), put("/projects/acme%2Fold/error_tracking/settings", on), patch("/projects/acme%2Fold/error_tracking/settings", on),
		post("/projects/acme%2Fold/error_tracking/client_keys"), del("/projects/acme%2Fold/error_tracking/client_keys/1"),
	}},
	{"a project that moves while clients know it", with(stored(true, true)), []step{
		change("acme/web moves to acme/site", func(s *gitlabsim.Server) { s.MoveProject(1, "acme/site") }),
		get("/projects/acme%2Fweb"), get(settings), get("/projects/acme%2Fsite/error_tracking/settings"),
		change("and back", func(s *gitlabsim.Server) { s.MoveProject(1, "acme/web") }),
		get("/projects/acme%2Fweb/error_tracking/settings"), get("/projects/acme%2Fsite/error_tracking/settings"),
	}},
	{"another project that takes an old path ends its redirect for good", with(both(moved, another)), []step{
		get("/projects/acme%2Fold"),
		change("project 2 moves to acme/old and on to acme/api", func(s *gitlabsim.Server) { s.MoveProject(2, "acme/old"); s.MoveProject(2, "acme/api") }),
		get("/projects/acme%2Fold"),
		change("project 3 is added at acme/old", func(s *gitlabsim.Server) { s.AddProject(gitlabsim.Project{ID: 3, Path: "acme/old"}) }),
		get("/projects/acme%2Fold"),
		change("and removed", func(s *gitlabsim.Server) { s.RemoveProject(3) }),
		get("/projects/acme%2Fold"),
	}},
	{"an old path of a project the token may not see", with(moved), []step{get("/projects/acme%2Fold").as("stranger-token"), post("/projects/acme%2Fold/error_tracking/client_keys").as("stranger-token")}},
	{"everything works on an archived project", with(both(stored(true, true), func(_ *gitlabsim.Scenario, p *gitlabsim.Project) { p.Archived = true })), []step{
		get("/projects/1"), get(settings), patch(settings, `{"active":false}`), put(settings, on), post(keys),
	}},
	{"HEAD answers like GET without a body", with(stored(true, true)), []step{head(settings), head("/projects/9")}},
	{"a project that is removed", with(stored(true, true)), []step{
		change("project 1 is removed", func(s *gitlabsim.Server) { s.RemoveProject(1) }), get("/projects/1"), get(settings), del(keys + "/1"),
	}},
}

// family adds projects in acme, below it and next to it.
func family(s *gitlabsim.Scenario, p *gitlabsim.Project) {
	another(s, p)
	s.Projects = append(s.Projects,
		gitlabsim.Project{ID: 3, Path: "acme/attic", Archived: true},
		gitlabsim.Project{ID: 4, Path: "acmecorp/web"},
		gitlabsim.Project{ID: 5, Path: "Acme/open", Visibility: "public"},
	)
}

// briefly shows IDs and paths alone.
const briefly = "?simple=true&order_by=id&sort=asc"

var groupRows = []row{
	{"a group's projects, the newest first", with(family), []step{get("/groups/acme/projects")}},
	{"with subgroups, in simple form, ascending", with(family), []step{get("/groups/acme/projects" + briefly + "&include_subgroups=true&per_page=2")}},
	{"by path in any case, and by ID", with(family), []step{headersOnly(get("/groups/ACME%2Fsub/projects" + briefly)), headersOnly(get("/groups/2/projects" + briefly))}},
	{"archived or not", with(family), []step{get("/groups/acme/projects" + briefly + "&archived=true"), headersOnly(get("/groups/acme/projects" + briefly + "&archived=false"))}},
	{"only those the token may see", with(family), []step{get("/groups/acme/projects" + briefly + "&include_subgroups=true").as("stranger-token")}},
	{"only those of a role", with(family), []step{headersOnly(get("/groups/acme/projects?min_access_level=40").as("developer-token"))}},
	{"an unknown group, or one the token may not see", with(another), []step{get("/groups/none/projects"), get("/groups/9/projects"), get("/groups/acme%2Fsub/projects").as("developer-token")}},
	{"bad parameters", with(family), []step{get("/groups/acme/projects?order_by=colour&sort=up&simple=maybe&archived=2&include_subgroups=x")}},
	{"a group by path, by ID, and one the token may not see", with(family), []step{
		get("/groups/acme%2Fsub"), get("/groups/1"), get("/groups/none"), get("/groups/acme%2Fsub").as("developer-token"),
	}},
	{"an administrator makes a group and a project in it", with(plain), []step{
		postJSON("/groups", `{"name":"lab","path":"lab"}`).as("admin-token"), get("/groups/lab").as("admin-token"),
		postJSON("/projects", `{"name":"one","path":"one","namespace_id":2}`).as("admin-token"), get("/projects/lab%2Fone"),
		postJSON("/projects", `{"name":"one","path":"one","namespace_id":2}`).as("admin-token"),
		postJSON("/projects", `{"name":"two","path":"two","namespace_id":9}`).as("admin-token"),
		postJSON("/groups", `{"name":"lab","path":"lab"}`).as("admin-token"), postJSON("/groups", `{"name":"lab"}`).as("admin-token"),
		postJSON("/groups", `{"name":"more","path":"more"}`), postJSON("/projects", `{"name":"two","path":"two","namespace_id":1}`),
	}},
	{"an owner deletes a project, and its ID is not used again", with(plain), []step{
		del("/projects/1"), del("/projects/1").as("admin-token"), get("/projects/1"),
		postJSON("/projects", `{"name":"web","path":"web","namespace_id":1}`).as("admin-token"),
	}},
	{"per_page=0 is a server error for groups too", with(family), []step{get("/groups/acme/projects?per_page=0")}},
}

var instanceRows = []row{
	{"GET /user", with(plain), []step{get("/user"), get("/user").as("admin-token")}},
	{"GET /version", with(plain), []step{get("/version"), get("/version").as("expired-token")}},
	{"GET /version of another GitLab", with(older("18.3.1-ee")), []step{get("/version")}},
}

const (
	firstKey  = "glet_6b86b273ff34fce19d6b804eff5a3f57"
	collector = "/errortracking/api/v1/projects/api/1/envelope/"
	event     = `{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc"}` + "\n" + `{"type":"event","length":19}` + "\n" + `{"message":"hello"}` + "\n"
	noLength  = `{}` + "\n" + `{"type":"session"}` + "\n" + `{"sid":"1"}` + "\n" + `{"type":"event"}` + "\n" + `{"exception":{"values":[{"value":"broken"}]}}`
)

// send posts an envelope with a key in X-Sentry-Auth.
func send(key, envelope string) step {
	return step{method: "POST", path: collector, body: envelope, contentType: "application/x-sentry-envelope",
		headers: []string{"X-Sentry-Auth: Sentry sentry_version=7, sentry_client=test/1.0, sentry_key=" + key}}
}

var collectorRows = []row{
	{"an envelope with the key in X-Sentry-Auth", with(withKeys(1)), []step{send(firstKey, event), get("/-/events")}},
	{"an envelope with the key in the query", with(withKeys(1)), []step{
		{method: "POST", path: collector + "?sentry_key=" + firstKey, body: noLength, contentType: "none"}, get("/-/events"),
	}},
	{"the message of an event is its message, its logentry or its first exception", with(withKeys(1)), []step{
		send(firstKey, "{}\n{}\n{\"logentry\":{\"message\":\"%s failed\",\"formatted\":\"it failed\"}}"),
		send(firstKey, "{}\n{}\n{\"exception\":[{\"type\":\"E\"},{\"value\":\"broken\"}]}"),
		send(firstKey, "{}\n\n{}\nno JSON\n{}\n{\"exception\":1}"),
		get("/-/events"),
	}},
	{"an unknown key", with(withKeys(1)), []step{send("glet_unknown", event), {method: "POST", path: collector, body: event, contentType: "none"}, get("/-/events")}},
	{"an inactive key", with(func(_ *gitlabsim.Scenario, p *gitlabsim.Project) {
		p.ClientKeys = gitlabsim.ClientKeys{{Inactive: true}}
	}), []step{send(firstKey, event), get("/-/events")}},
	{"a key of another project", with(another), []step{send(firstKey, event)}},
	{"an envelope that is none", with(withKeys(1)), []step{send(firstKey, "hello"), send(firstKey, "{}\n{\"length\":99}\nx"), send(firstKey, "{}\nx"), get("/-/events")}},
	{"other paths outside the API", with(plain), []step{get("/errortracking/api/v1/projects/1")}},
}
