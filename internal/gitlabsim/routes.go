package gitlabsim

import (
	"net/http"
	"net/url"
	"strings"
)

// call is one request to the API.
type call struct {
	method string
	// path is below /api/v4 and has its escapes.
	path   string
	query  url.Values
	raw    string
	header http.Header
	body   []byte

	// The router fills the rest in, in this order, before the route's handler sees the call.

	// vars are the unescaped variable parts of the path.
	vars    map[string]string
	params  params
	token   *token
	project *project
}

// route is an endpoint of the API.
type route struct {
	method string
	// pattern is the path below /api/v4. A part that begins with a colon is variable.
	pattern string
	// since is the first GitLab version that has the endpoint.
	since version
	// scopes are enough for reading, in addition to those for every endpoint.
	scopes []string
	// role is the least role in the project of :id. With 0 the call is not about a project, or whoever sees it may.
	role roleLevel
	// ofProject says that :id is a project.
	ofProject bool
	// permission is what a fine-grained token needs. Empty means that the endpoint takes no such token.
	permission string
	handle     func(*instance, *call) answer
}

// routes are the endpoints. The versions are those the GitLab documentation gives.
var routes = []route{
	{method: http.MethodGet, pattern: "/user", scopes: []string{"read_user"}, handle: (*instance).user},
	{method: http.MethodGet, pattern: "/version", scopes: []string{"read_user"}, handle: (*instance).versions},
	{method: http.MethodGet, pattern: "/groups/:id", handle: (*instance).showGroup},
	{method: http.MethodPost, pattern: "/groups", handle: (*instance).makeGroup},
	{method: http.MethodGet, pattern: "/groups/:id/projects", handle: (*instance).groupProjects},
	{method: http.MethodGet, pattern: "/projects/:id", ofProject: true, permission: readProject, handle: (*instance).showProject},
	{method: http.MethodPost, pattern: "/projects", handle: (*instance).makeProject},
	{method: http.MethodDelete, pattern: "/projects/:id", ofProject: true, role: owner, handle: (*instance).deleteProject},

	{method: http.MethodGet, pattern: settingsPattern, ofProject: true, role: maintainer, permission: readSettings,
		handle: (*instance).showSettings},
	{method: http.MethodPatch, pattern: settingsPattern, ofProject: true, role: maintainer, permission: updateSettings,
		handle: (*instance).patchSettings},
	{method: http.MethodPut, pattern: settingsPattern, since: version{15, 10}, ofProject: true, role: maintainer, permission: updateSettings,
		handle: (*instance).putSettings},

	{method: http.MethodGet, pattern: keysPattern, since: version{14, 3}, ofProject: true, role: maintainer, permission: readKeys,
		handle: (*instance).listKeys},
	{method: http.MethodPost, pattern: keysPattern, since: version{14, 3}, ofProject: true, role: maintainer, permission: createKeys,
		handle: (*instance).postKey},
	{method: http.MethodDelete, pattern: keysPattern + "/:key_id", since: version{14, 3}, ofProject: true, role: maintainer, permission: deleteKeys,
		handle: (*instance).deleteKey},
}

const (
	errorTrackingPrefix = "/projects/:id/error_tracking/"
	settingsPattern     = errorTrackingPrefix + "settings"
	keysPattern         = errorTrackingPrefix + "client_keys"
)

// answer works a call off. The order of the checks is GitLab's: Grape reads the body before any of GitLab's code runs,
// the token and its scopes are checked while the user is found, then the project and the role in the endpoint's before
// blocks, and parameters last of all before the endpoint itself.
func (i *instance) answer(c *call) answer {
	r, found := i.findRoute(c)
	if !found {
		return noRoute()
	}
	for _, check := range []func(*call, route) *answer{i.readParams, i.authenticate, i.authorize} {
		if refusal := check(c, r); refusal != nil {
			return *refusal
		}
	}
	return r.handle(i, c)
}

// findRoute returns the endpoint of a call. HEAD is answered wherever GET is. A method an existing path does not have is
// no route: GitLab's catch-all takes it.
func (i *instance) findRoute(c *call) (route, bool) {
	method := c.method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for _, r := range routes {
		if r.method != method || i.version.before(r.since) {
			continue
		}
		if !i.errorTracking && strings.HasPrefix(r.pattern, errorTrackingPrefix) {
			continue
		}
		if vars, ok := matchPattern(r.pattern, c.path); ok {
			c.vars = vars
			return r, true
		}
	}
	return route{}, false
}

// matchPattern compares an escaped path with a route's pattern and returns the variable parts. An escaped slash belongs
// to its part, a plain one ends it, and a trailing one does not count.
func matchPattern(pattern, path string) (map[string]string, bool) {
	wanted := strings.Split(pattern, "/")
	parts := strings.Split(strings.TrimRight(path, "/"), "/")
	if len(parts) != len(wanted) {
		return nil, false
	}
	vars := map[string]string{}
	for n, part := range parts {
		name, variable := strings.CutPrefix(wanted[n], ":")
		if !variable {
			if part != wanted[n] {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(part)
		if err != nil || value == "" {
			return nil, false
		}
		vars[name] = value
	}
	return vars, true
}
