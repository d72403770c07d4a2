package provider

import (
	"context"
	"errors"
	"iter"
	"slices"
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

var validGroup = nameValidator{"group", invalidGroup, func(name string) error {
	_, err := errortracking.ParseGroup(name)
	return err
}}

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

// readEach reads projects, projectsAtOnce at the same time, and yields what was found in their order, up to the first error.
// Those of a group that the token may not read are no error: their paths go into unreadable.
func readEach[T any](ctx context.Context, of groupModel, projects []errortracking.Project, unreadable *[]string, read func(context.Context, errortracking.Project) (T, error)) iter.Seq[projectRead[T]] {
	return func(yield func(projectRead[T]) bool) {
		for together := range slices.Chunk(projects, projectsAtOnce) {
			reads := make([]projectRead[T], len(together))
			var running sync.WaitGroup
			for i, project := range together {
				running.Go(func() {
					found, err := read(ctx, project)
					reads[i] = projectRead[T]{project, found, err}
				})
			}
			running.Wait()
			for _, r := range reads {
				if !of.Group.IsNull() && isUnreadable(r.err) {
					*unreadable = append(*unreadable, r.project.Path)
				} else if !yield(r) || r.err != nil {
					return
				}
			}
		}
	}
}
