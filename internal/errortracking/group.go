package errortracking

import (
	"context"
	"net/url"
	"strconv"
)

// GroupProjects returns the projects of a group, by ascending ID, 100 a request. The group is given by numeric ID or full
// path, also escaped. With subgroups the projects below its subgroups are among them; projects that are only shared with
// the group are not. They are those that the token may see, whatever its role in them. The error is [ErrGroupNotFound]
// when there is no such group or the token may not see it.
//
//	GET /groups/:id/projects
func (c *Client) GroupProjects(ctx context.Context, group string, subgroups bool) ([]Project, error) {
	if unescaped, err := url.PathUnescape(group); err == nil {
		group = unescaped
	}
	rows, err := readList[*projectReply](ctx, c, "/groups/"+url.PathEscape(group)+"/projects", url.Values{
		"order_by":          {"id"},
		"sort":              {"asc"},
		"include_subgroups": {strconv.FormatBool(subgroups)},
		"simple":            {"true"},
		"with_shared":       {"false"},
	})
	if err != nil {
		return nil, err
	}
	projects := make([]Project, len(rows))
	for i, row := range rows {
		projects[i] = row.project()
	}
	return projects, nil
}
