package gitlabsim

import (
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// integerID is how GitLab distinguishes a numeric ID from a path.
var integerID = regexp.MustCompile(`^-?\d+$`)

// findProject finds the project of :id. One that the user may not see does not exist for them, and that comes before
// the answers for a path the project has left.
func (i *instance) findProject(c *call) *answer {
	p, moved := i.lookUp(c.vars["id"])
	if p == nil || !c.token.sees(p) {
		return refuse(message(http.StatusNotFound, "404 Project Not Found"))
	}
	c.project = p
	if !moved {
		return nil
	}
	if c.method != http.MethodGet {
		return refuse(message(http.StatusMethodNotAllowed, "Non GET methods are not allowed for moved projects"))
	}
	return refuse(i.redirect(c))
}

// lookUp finds a project by ID, full path in any case, or a path it had before (moved). No project has a path without
// a slash.
func (i *instance) lookUp(id string) (p *project, moved bool) {
	if integerID.MatchString(id) {
		number, _ := strconv.ParseInt(id, 10, 64)
		return i.projectByID(number), false
	}
	for _, p := range i.projects {
		if strings.EqualFold(p.path, id) {
			return p, false
		}
	}
	for _, p := range i.projects {
		if p.had(id) {
			return p, true
		}
	}
	return nil, false
}

// had reports whether a project had a path before.
func (p *project) had(path string) bool {
	return slices.ContainsFunc(p.oldPaths, func(old string) bool { return strings.EqualFold(old, path) })
}

// projectByID returns nil when there is none.
func (i *instance) projectByID(id int64) *project {
	for _, p := range i.projects {
		if p.id == id {
			return p
		}
	}
	return nil
}

// redirect sends a reader of an old path to the numeric ID, on the host of the external URL.
func (i *instance) redirect(c *call) answer {
	parts := strings.Split(c.path, "/")
	parts[2] = strconv.FormatInt(c.project.id, 10)
	location := i.externalURL + apiPrefix + strings.Join(parts, "/")
	if c.raw != "" {
		location += "?" + c.raw
	}
	moved := textAnswer(http.StatusMovedPermanently, "text/plain", "This resource has been moved permanently to "+location)
	moved.header.Set("Location", location)
	return moved
}

// projectJSON is a project in GitLab's answers, with the fields a client of error tracking may look at.
type projectJSON struct {
	ID                int64         `json:"id"`
	Description       *string       `json:"description"`
	Name              string        `json:"name"`
	NameWithNamespace string        `json:"name_with_namespace"`
	Path              string        `json:"path"`
	PathWithNamespace string        `json:"path_with_namespace"`
	CreatedAt         string        `json:"created_at"`
	WebURL            string        `json:"web_url"`
	Namespace         namespaceJSON `json:"namespace"`
	// The simple form of a project ends here.
	Archived   *bool  `json:"archived,omitempty"`
	Visibility string `json:"visibility,omitempty"`
}

// namespaceJSON is the group of a project.
type namespaceJSON struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Path     string `json:"path"`
	Kind     string `json:"kind"`
	FullPath string `json:"full_path"`
	ParentID *int64 `json:"parent_id"`
	WebURL   string `json:"web_url"`
}

// showProject answers GET /projects/:id.
func (i *instance) showProject(c *call) answer {
	return jsonAnswer(http.StatusOK, i.projectJSON(c.project, false))
}

// projectJSON returns a project's JSON, in the short form GitLab calls simple or in full.
func (i *instance) projectJSON(p *project, simple bool) projectJSON {
	namespace := i.groupByPath(path.Dir(p.path))
	shown := projectJSON{
		ID:                p.id,
		Name:              path.Base(p.path),
		NameWithNamespace: strings.ReplaceAll(p.path, "/", " / "),
		Path:              path.Base(p.path),
		PathWithNamespace: p.path,
		CreatedAt:         "2026-01-01T00:00:00.000Z",
		WebURL:            i.externalURL + "/" + p.path,
		Namespace: namespaceJSON{
			ID:       namespace.id,
			Name:     path.Base(namespace.path),
			Path:     path.Base(namespace.path),
			Kind:     "group",
			FullPath: namespace.path,
			WebURL:   i.externalURL + "/groups/" + namespace.path,
		},
	}
	if parent := i.groupByPath(path.Dir(namespace.path)); parent != nil {
		shown.Namespace.ParentID = &parent.id
	}
	if !simple {
		shown.Archived = &p.archived
		shown.Visibility = p.visibility
	}
	return shown
}
