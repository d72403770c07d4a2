package errortracking

import (
	"context"
	"net/url"
	"strconv"
)

// ParseGroup reads what a user wrote for a group: its numeric ID or its full path such as "acme/backend", also escaped. It
// returns either without escapes. The error wraps [ErrName].
func ParseGroup(group string) (string, error) { return parseFullPath(group, "group", "acme/backend") }

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
