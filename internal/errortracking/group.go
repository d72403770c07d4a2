package errortracking

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

// GroupProjects iterates over the projects of a group, by ascending ID, as their pages arrive, 100 projects a request.
// The group is given by numeric ID or full path, also escaped. With subgroups the projects below its subgroups are
// among them; projects that are only shared with the group are not. They are those that the token may see, whatever its
// role in them. The list is whole only when the iteration ends without an error. The error is [ErrGroupNotFound] when
// there is no such group or the token may not see it.
//
//	GET /groups/:id/projects
func (c *Client) GroupProjects(ctx context.Context, group string, subgroups bool) iter.Seq2[Project, error] {
	if unescaped, err := url.PathUnescape(group); err == nil {
		group = unescaped
	}
	return list[Project]{
		of: "projects",
		id: func(p Project) int64 { return p.ID },
		page: func(ctx context.Context, options gitlab.ListOptions) ([]Project, http.Header, error) {
			var reply pageReply[*projectReply]
			header, err := c.do(ctx, &reply, func(o gitlab.RequestOptionFunc) error {
				_, _, err := c.api.Groups.ListGroupProjects(group, &gitlab.ListGroupProjectsOptions{
					ListOptions:      options,
					OrderBy:          new("id"),
					Sort:             new("asc"),
					IncludeSubGroups: &subgroups,
					Simple:           new(true),
					WithShared:       new(false),
				}, o)
				return err
			})
			if err != nil {
				return nil, nil, err
			}
			projects := make([]Project, len(reply))
			for i, row := range reply {
				projects[i] = row.project()
			}
			return projects, header, nil
		},
	}.all(ctx)
}
