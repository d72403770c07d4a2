package errortracking

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
)

// ErrGroupName is wrapped by the errors of [ParseGroup].
var ErrGroupName = errors.New("not a group ID or path")

// ParseGroup reads what a user wrote for a group: its numeric ID or its full path such as "acme/backend", also escaped. It
// returns either without escapes. The error wraps [ErrGroupName] and gives the right form.
func ParseGroup(group string) (string, error) {
	path, problem := parseFullPath(group)
	if problem != "" {
		return "", fmt.Errorf("%w: %s. Write the group's numeric ID, such as \"42\", or its full path without a leading slash, "+
			"such as \"acme/backend\"", ErrGroupName, problem)
	}
	return path, nil
}

// GroupProjects returns the projects of a group, by ascending ID, 100 a request. The group is given by numeric ID or full
// path; see [ParseGroup] for the forms. With subgroups the projects below its subgroups are among them; projects that are
// only shared with the group are not. They are those that the token may see, whatever its role in them. The error is
// [ErrGroupNotFound] when there is no such group or the token may not see it, or wraps [ErrGroupName].
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
