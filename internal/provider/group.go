package provider

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// projectsAtOnce is how many projects of a group are read at the same time.
const projectsAtOnce = 8

const (
	describeGroup            = "The ID or full path (`acme/backend`) of the group."
	eitherOr                 = " Set either `project` or `group`."
	describeIncludeSubgroups = "Whether to include the projects of subgroups. Default: `true`."
	describeUnreadable       = "The full paths of the projects whose error tracking the token cannot read."
)

// groupModel is how a configuration names the projects of a group.
type groupModel struct {
	Group            types.String `tfsdk:"group"`
	IncludeSubgroups types.Bool   `tfsdk:"include_subgroups"`
}

// projects returns the projects of the group, or an error that says what could not be done.
func (m groupModel) projects(ctx context.Context, client *errortracking.Client, diags *diag.Diagnostics) ([]errortracking.Project, bool) {
	projects, err := client.GroupProjects(ctx, m.Group.ValueString(), m.IncludeSubgroups.IsNull() || m.IncludeSubgroups.ValueBool())
	if err != nil {
		addFailure(diags, unableToReadGroup, "Group "+m.Group.ValueString(), err)
	}
	return projects, err == nil
}

// readGroup reads each project of a group for a data source. It returns what was found by ascending project ID, and the
// paths of the projects that the token may not read.
func readGroup[T any](ctx context.Context, client *errortracking.Client, group groupModel, read func(context.Context, errortracking.Project) (T, error), diags *diag.Diagnostics) (found []projectRead[T], unreadable []string, ok bool) {
	projects, ok := group.projects(ctx, client, diags)
	if !ok {
		return nil, nil, false
	}
	unreadable = []string{}
	for project := range inOrder(ctx, projectsAtOnce, projects, read) {
		switch {
		case isUnreadable(project.err):
			unreadable = append(unreadable, project.project.Path)
		case project.err != nil:
			addFailure(diags, unableToReadProject, "Project "+project.project.Path, project.err)
			return nil, nil, false
		default:
			found = append(found, project)
		}
	}
	return found, unreadable, true
}

// isUnreadable reports whether err means that the token may not read a project.
func isUnreadable(err error) bool {
	return errors.Is(err, errortracking.ErrForbidden) || errors.Is(err, errortracking.ErrProjectNotFound) || errors.Is(err, errortracking.ErrMissingPermission)
}

// projectRead is what was found in one project.
type projectRead[T any] struct {
	project errortracking.Project
	found   T
	err     error
}

// inOrder reads projects, up to limit at the same time, and yields what was found in their order. Nothing goes on after
// the iteration.
func inOrder[T any](ctx context.Context, limit int, projects []errortracking.Project, read func(context.Context, errortracking.Project) (T, error)) iter.Seq[projectRead[T]] {
	return func(yield func(projectRead[T]) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		var results []chan projectRead[T]
		for i := range projects {
			for _, project := range projects[len(results):min(i+limit, len(projects))] {
				result := make(chan projectRead[T], 1)
				results = append(results, result)
				running.Go(func() {
					found, err := read(ctx, project)
					result <- projectRead[T]{project, found, err}
				})
			}
			if !yield(<-results[i]) {
				return
			}
		}
	}
}
