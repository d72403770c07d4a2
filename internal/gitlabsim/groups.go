package gitlabsim

import (
	"cmp"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

// group is a group that the path of a project names.
type group struct {
	id   int64
	path string
}

// addGroups makes the groups above a project's path that are not there yet. Their IDs count up from 1.
func (i *instance) addGroups(projectPath string) {
	parts := strings.Split(projectPath, "/")
	for n := 1; n < len(parts); n++ {
		if path := strings.Join(parts[:n], "/"); i.groupByPath(path) == nil {
			i.groups = append(i.groups, &group{id: int64(len(i.groups) + 1), path: path})
		}
	}
}

// groupByPath finds a group by its full path in any case. It returns nil when there is none.
func (i *instance) groupByPath(path string) *group {
	for _, g := range i.groups {
		if strings.EqualFold(g.path, path) {
			return g
		}
	}
	return nil
}

// holds reports whether a project is in the group itself (direct) or anywhere below it.
func (g *group) holds(p *project, direct bool) bool {
	if direct {
		return strings.EqualFold(path.Dir(p.path), g.path)
	}
	return strings.HasPrefix(strings.ToLower(p.path), strings.ToLower(g.path)+"/")
}

// findGroup finds the group of :id, by number or full path. Whoever sees no project of a group does not see the group.
func (i *instance) findGroup(c *call) *group {
	id := c.vars["id"]
	g := i.groupByPath(id)
	if integerID.MatchString(id) {
		g = nil
		if n, err := strconv.Atoi(id); err == nil && n >= 1 && n <= len(i.groups) {
			g = i.groups[n-1]
		}
	}
	if g == nil || c.token.admin {
		return g
	}
	if !slices.ContainsFunc(i.projects, func(p *project) bool { return g.holds(p, false) && c.token.sees(p) }) {
		return nil
	}
	return g
}

// projectOrders are the values of order_by. Times of creation and change go with the IDs here.
var projectOrders = map[string]func(a, b *project) int{
	"id":               byID,
	"created_at":       byID,
	"updated_at":       byID,
	"last_activity_at": byID,
	"name":             func(a, b *project) int { return cmp.Compare(path.Base(a.path), path.Base(b.path)) },
	"path":             func(a, b *project) int { return cmp.Compare(path.Base(a.path), path.Base(b.path)) },
}

func byID(a, b *project) int { return cmp.Compare(a.id, b.id) }

// groupProjects answers GET /groups/:id/projects. GitLab lists what is in the group itself unless include_subgroups is
// given, the newest first unless order_by and sort say otherwise, archived projects among the others.
func (i *instance) groupProjects(c *call) answer {
	subgroups, subgroupsProblem := c.params.flag("include_subgroups")
	archived, archivedProblem := c.params.flag("archived")
	simple, simpleProblem := c.params.flag("simple")
	order, known := projectOrders[cmp.Or(c.params.text("order_by"), "created_at")]
	var problems []string
	for _, problem := range []string{archivedProblem, orderProblem("order_by", known),
		orderProblem("sort", slices.Contains([]string{"", "asc", "desc"}, c.params.text("sort"))), simpleProblem, subgroupsProblem} {
		if problem != "" {
			problems = append(problems, problem)
		}
	}
	if len(problems) > 0 {
		return parameterError(http.StatusBadRequest, problems...)
	}
	g := i.findGroup(c)
	if g == nil {
		return message(http.StatusNotFound, "404 Group Not Found")
	}
	least := roleLevel(leadingInteger(c.params.text("min_access_level")))
	var rows []*project
	for _, p := range i.projects {
		if g.holds(p, !valueOr(subgroups, false)) && c.token.sees(p) && c.token.level(p) >= least && p.archived == valueOr(archived, p.archived) {
			rows = append(rows, p)
		}
	}
	slices.SortFunc(rows, order)
	if c.params.text("sort") != "asc" {
		slices.Reverse(rows)
	}
	return paginate(i, c, rows, func(p *project) (any, bool) { return i.projectJSON(p, valueOr(simple, false)), true })
}

// orderProblem is Grape's text for a value outside a list.
func orderProblem(name string, ok bool) string {
	if ok {
		return ""
	}
	return name + " does not have a valid value"
}
