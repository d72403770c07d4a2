package gitlabsim

import (
	"encoding/json"
	"net/http"
	"path"
)

// The calls in this file are what tests need to prepare a GitLab of their own. Their answers follow GitLab's
// documentation (https://docs.gitlab.com/api/groups/, https://docs.gitlab.com/api/projects/). Only administrators may
// make groups and projects here.

// groupJSON is a group in GitLab's answers.
type groupJSON struct {
	ID         int64  `json:"id"`
	WebURL     string `json:"web_url"`
	Name       string `json:"name"`
	Path       string `json:"path"`
	Visibility string `json:"visibility"`
	FullPath   string `json:"full_path"`
	ParentID   *int64 `json:"parent_id"`
}

// groupJSON returns a group's JSON.
func (i *instance) groupJSON(g *group) groupJSON {
	shown := groupJSON{
		ID:         g.id,
		WebURL:     i.externalURL + "/groups/" + g.path,
		Name:       path.Base(g.path),
		Path:       path.Base(g.path),
		Visibility: visibilityPrivate,
		FullPath:   g.path,
	}
	if parent := i.groupByPath(path.Dir(g.path)); parent != nil {
		shown.ParentID = &parent.id
	}
	return shown
}

// showGroup answers GET /groups/:id.
func (i *instance) showGroup(c *call) answer {
	g := i.findGroup(c)
	if g == nil {
		return message(http.StatusNotFound, "404 Group Not Found")
	}
	return jsonAnswer(http.StatusOK, i.groupJSON(g))
}

// makeGroup answers POST /groups. The group has no parent.
func (i *instance) makeGroup(c *call) answer {
	if !c.token.admin {
		return message(http.StatusForbidden, "403 Forbidden")
	}
	name := c.params.text("path")
	if !projectPath.MatchString(name + "/project") {
		return parameterError(http.StatusBadRequest, "path is missing")
	}
	if i.groupByPath(name) != nil {
		return message(http.StatusBadRequest, `Failed to save group {path: ["has already been taken"]}`)
	}
	i.addGroups(name + "/project")
	return jsonAnswer(http.StatusCreated, i.groupJSON(i.groupByPath(name)))
}

// makeProject answers POST /projects. The project gets the next ID.
func (i *instance) makeProject(c *call) answer {
	if !c.token.admin {
		return message(http.StatusForbidden, "403 Forbidden")
	}
	number := c.params.text("namespace_id")
	if n, ok := c.params["namespace_id"].(json.Number); ok {
		number = n.String()
	}
	g := i.findGroup(&call{token: c.token, vars: map[string]string{"id": number}})
	if g == nil {
		return messages(map[string][]string{"namespace": {"is not valid"}})
	}
	made := Project{ID: i.lastProjectID + 1, Path: g.path + "/" + c.params.text("path")}
	if err := i.taken(nil).add(made); err != nil {
		taken := []string{"has already been taken"}
		return messages(map[string][]string{"project_namespace.name": taken, "name": taken, "path": taken})
	}
	return jsonAnswer(http.StatusCreated, i.projectJSON(i.addProject(made), false))
}

// deleteProject answers DELETE /projects/:id. GitLab may keep a deleted project for some days, here it is gone at once.
func (i *instance) deleteProject(c *call) answer {
	i.removeProject(c.project)
	return message(http.StatusAccepted, "202 Accepted")
}

// messages is the form of GitLab's errors about fields of a model.
func messages(fields map[string][]string) answer {
	return jsonAnswer(http.StatusBadRequest, map[string]any{"message": fields})
}
