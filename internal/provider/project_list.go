package provider

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework-validators/boolvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listresourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// projectsAtOnce is how many projects a list asks about at the same time.
const projectsAtOnce = 8

// projectListModel is the config block of both list resources.
type projectListModel struct {
	Project          types.String `tfsdk:"project"`
	Group            types.String `tfsdk:"group"`
	IncludeSubgroups types.Bool   `tfsdk:"include_subgroups"`
}

// projectListSchema is its schema, for a list of the given objects.
func projectListSchema(objects string) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Finds the " + objects + " of a project, or of all projects in a group. A project of the group that the token may not read is named in a warning and left out. Terraform ends a list after 100 objects unless `limit` says otherwise.",
		Attributes: map[string]schema.Attribute{
			"project": schema.StringAttribute{
				MarkdownDescription: describeProject + " Either this or `group` is needed.",
				Optional:            true,
				Validators:          []validator.String{projectValidator{}},
			},
			"group": schema.StringAttribute{
				MarkdownDescription: "The group whose projects are searched, as numeric ID or full path (`acme/backend`).",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"include_subgroups": schema.BoolAttribute{
				MarkdownDescription: "Whether the projects of the group's subgroups are searched too. Default: `true`.",
				Optional:            true,
				Validators:          []validator.Bool{boolvalidator.AlsoRequires(path.MatchRoot("group"))},
			},
		},
	}
}

// ListResourceConfigValidators implements list.ListResourceWithConfigValidators for both list resources.
func (b *resourceBase) ListResourceConfigValidators(context.Context) []list.ConfigValidator {
	return []list.ConfigValidator{listresourcevalidator.ExactlyOneOf(path.MatchRoot("project"), path.MatchRoot("group"))}
}

// listed is an object that a list found.
type listed struct {
	name     string // tells it from the others
	identity any
	model    any
}

func (l listed) result(ctx context.Context, req list.ListRequest) list.ListResult {
	result := req.NewListResult(ctx)
	result.DisplayName = l.name
	result.Diagnostics.Append(result.Identity.Set(ctx, l.identity)...)
	if req.IncludeResource {
		result.Diagnostics.Append(result.Resource.Set(ctx, l.model)...)
	}
	return result
}

// listProjects answers a request with what find yields for each project that its configuration names.
func (b *resourceBase) listProjects(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream, find func(context.Context, errortracking.Project) iter.Seq2[listed, error]) {
	var model projectListModel
	diags := req.Config.Get(ctx, &model)
	if diags.HasError() || !b.configured(&diags) {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	subject, inGroup := "project "+model.Project.ValueString(), !model.Group.IsNull()
	if inGroup {
		subject = "group " + model.Group.ValueString()
	}
	results := func(ctx context.Context, project errortracking.Project, err error) iter.Seq[list.ListResult] {
		return func(yield func(list.ListResult) bool) {
			if err != nil {
				yield(list.ListResult{Diagnostics: diag.Diagnostics{diag.NewErrorDiagnostic("Cannot find "+subject, explain(err))}})
				return
			}
			for object, err := range find(ctx, project) {
				unreadable := errors.Is(err, errortracking.ErrForbidden) || errors.Is(err, errortracking.ErrProjectNotFound)
				switch title := "Cannot read project " + project.Path; {
				case unreadable && inGroup:
					yield(list.ListResult{Diagnostics: diag.Diagnostics{diag.NewWarningDiagnostic(title, explain(err)+"\n\nThe project was left out.")}})
					return
				case err != nil:
					yield(list.ListResult{Diagnostics: diag.Diagnostics{diag.NewErrorDiagnostic(title, explain(err))}})
					return
				case !yield(object.result(ctx, req)):
					return
				}
			}
		}
	}
	stream.Results = func(push func(list.ListResult) bool) {
		left := req.Limit
		for result := range inOrder(ctx, projectsAtOnce, b.projectsOf(ctx, model), results) {
			if !push(result) || result.Diagnostics.HasError() {
				return
			}
			if result.Identity != nil {
				left--
			}
			if left == 0 && req.Limit > 0 {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			push(list.ListResult{Diagnostics: diag.Diagnostics{diag.NewErrorDiagnostic("The list of "+subject+" is not complete", sentence(err.Error()))}})
		}
	}
}

// projectsOf iterates over the projects that a list is to ask about.
func (b *resourceBase) projectsOf(ctx context.Context, model projectListModel) iter.Seq2[errortracking.Project, error] {
	if !model.Group.IsNull() {
		return b.client.GroupProjects(ctx, model.Group.ValueString(), model.IncludeSubgroups.IsNull() || model.IncludeSubgroups.ValueBool())
	}
	return func(yield func(errortracking.Project, error) bool) {
		yield(b.client.Project(ctx, model.Project.ValueString()))
	}
}

// inOrder calls work with each item, or the error in its place, up to limit items at the same time, and yields what
// their works yield, in the order of the items. Items are taken no faster than results are, and nothing goes on after
// the iteration.
func inOrder[T, R any](ctx context.Context, limit int, items iter.Seq2[T, error], work func(context.Context, T, error) iter.Seq[R]) iter.Seq[R] {
	return func(yield func(R) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		// One more item is with the loop below.
		queues := make(chan chan R, limit-1)
		running.Go(func() {
			defer close(queues)
			for item, err := range items {
				queue := make(chan R)
				select {
				case queues <- queue:
				case <-ctx.Done():
					return
				}
				running.Go(func() {
					defer close(queue)
					for result := range work(ctx, item, err) {
						select {
						case queue <- result:
						case <-ctx.Done():
							return
						}
					}
				})
			}
		})
		for queue := range queues {
			for result := range queue {
				if !yield(result) {
					return
				}
			}
		}
	}
}
