package errortracking

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// ErrName is wrapped by the errors of [ParseProject] and [ParseGroup], which give the right form.
var ErrName = errors.New("not an ID or full path")

// ParseProject reads what a user wrote for a project: its numeric ID, or its full path such as "acme/web", also in the
// escaped form "acme%2Fweb" that GitLab's API uses. It returns the ID, or the path with ID 0. Only what can never be a
// project is refused: a path without a slash, as mocks make them up, is left to GitLab, and so are 0 and 042. The error wraps
// [ErrName].
func ParseProject(project string) (id int64, path string, err error) {
	path, err = parseFullPath(project, "project", "acme/web")
	if id, err := strconv.ParseUint(path, 10, 63); err == nil && path[0] != '0' {
		return int64(id), "", nil
	}
	return 0, path, err
}

// ParseGroup reads what a user wrote for a group: its numeric ID or its full path such as "acme/backend", also escaped. It
// returns either without escapes. The error wraps [ErrName].
func ParseGroup(group string) (string, error) { return parseFullPath(group, "group", "acme/backend") }

// parseFullPath unescapes the ID or path that a user wrote. What it names and the example are words of the error.
func parseFullPath(text, names, example string) (string, error) {
	path, problem := text, ""
	if unescaped, err := url.PathUnescape(text); err == nil {
		path = unescaped
	}
	switch {
	case text == "":
		problem = "it is empty"
	case strings.Contains(path, "://"):
		problem = "it is a URL" // A URL may hold a password, so it is not repeated.
	case strings.Contains(path, "%"):
		problem = strconv.Quote(text) + " has a percent sign that is not an escape"
	case unseen(path) != "":
		problem = strconv.Quote(text) + " contains " + unseen(path)
	case strings.HasPrefix(path, "/"):
		problem = strconv.Quote(text) + " begins with a slash"
	case strings.HasSuffix(path, "/"):
		problem = strconv.Quote(text) + " ends with a slash"
	case strings.Contains(path, "//"):
		problem = strconv.Quote(text) + " has an empty part"
	default:
		return path, nil
	}
	return "", fmt.Errorf("%w: %s. Write the %s's numeric ID, such as \"42\", or its full path without a leading slash, such as %q",
		ErrName, problem, names, example)
}

// Project is a project of GitLab's.
type Project struct {
	ID int64 `json:"id"`
	// Path is the full path that the project has now, such as "acme/web".
	Path string `json:"path_with_namespace"`
}

// UnmarshalJSON reads GitLab's JSON of a project. It is an error if a field is missing.
func (p *Project) UnmarshalJSON(data []byte) error {
	type row Project
	return decodeObject(data, (*row)(p), "id", "path_with_namespace")
}

// ResolveProject returns what [Client.Project] does, but an ID costs no request, and is also returned as the path. A project
// that was not found is asked for again, since it may have been created meanwhile.
func (c *Client) ResolveProject(ctx context.Context, project string) (Project, error) {
	id, path, err := ParseProject(project)
	if err != nil || id != 0 {
		return Project{ID: id, Path: project}, err
	}
	found, err := c.Project(ctx, project)
	if errors.Is(err, ErrProjectNotFound) {
		c.projects.forget(strings.ToLower(path))
		found, err = c.Project(ctx, project)
	}
	return found, err
}

// Project returns what GitLab says of a project that is given by ID or full path; see [ParseProject] for the forms. The
// path may be an old one of a project that was renamed or moved. It costs one request for the lifetime of the client, also
// where there is none. The error is [ErrProjectNotFound] when there is no such project or the token may not see it, or wraps
// [ErrName].
//
//	GET /projects/:id
func (c *Client) Project(ctx context.Context, project string) (Project, error) {
	id, path, err := ParseProject(project)
	if err != nil {
		return Project{}, err
	}
	if id != 0 {
		path = strconv.FormatInt(id, 10)
	}
	// GitLab's paths have no case.
	return c.projects.get(ctx, strings.ToLower(path), c.findProject)
}

// findProject asks GitLab for the project with a path or ID. The redirect of an old path goes to GitLab's external URL,
// which may be another host than the base URL, so it is not followed. The ID in it is what matters.
func (c *Client) findProject(ctx context.Context, project string) (found Project, err error) {
	call, err := c.do(ctx, http.MethodGet, "/projects/"+url.PathEscape(project), nil, &found)
	if errors.Is(err, ErrProjectMoved) {
		if id := projectIDIn(call.answer.header.Get("Location")); id != 0 {
			_, err = c.do(ctx, http.MethodGet, fmt.Sprintf("/projects/%d", id), nil, &found)
		}
	}
	return found, err
}

// GroupProjects returns the projects of a group, by ascending ID, 100 a request. The group is given by numeric ID or full
// path; see [ParseGroup] for the forms. With subgroups the projects below its subgroups are among them; projects that are
// only shared with the group are not. They are those that the token may see, whatever its role in them. The error is
// [ErrGroupNotFound] when there is no such group or the token may not see it, or wraps [ErrName].
//
//	GET /groups/:id/projects
func (c *Client) GroupProjects(ctx context.Context, group string, subgroups bool) ([]Project, error) {
	group, err := ParseGroup(group)
	if err != nil {
		return nil, err
	}
	return readList(ctx, c, "/groups/"+url.PathEscape(group)+"/projects", url.Values{
		"order_by":          {"id"},
		"sort":              {"asc"},
		"include_subgroups": {strconv.FormatBool(subgroups)},
		"simple":            {"true"},
		"with_shared":       {"false"},
	}, func(p Project) int64 { return p.ID })
}
