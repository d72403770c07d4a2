package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework-validators/boolvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listresourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// projectListModel is how a configuration names a project, or the projects of a group.
type projectListModel struct {
	Project types.String `tfsdk:"project"`
	groupModel
}

// projectListSchema is the schema of the config block of both list resources, for a list of the given objects.
func projectListSchema(objects string) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Finds the " + objects + " of a project, or of all projects in a group. Projects of the group that the token cannot read are left out, with a warning. Terraform stops after 100 results unless you set `limit`.",
		Attributes: map[string]schema.Attribute{
			"project":           schema.StringAttribute{MarkdownDescription: describeProject + eitherOr, Optional: true, Validators: []validator.String{validProject}},
			"group":             schema.StringAttribute{MarkdownDescription: describeGroup + eitherOr, Optional: true, Validators: []validator.String{validGroup}},
			"include_subgroups": schema.BoolAttribute{MarkdownDescription: describeIncludeSubgroups, Optional: true, Validators: []validator.Bool{boolvalidator.AlsoRequires(path.MatchRoot("group"))}},
		},
	}
}

// ListResourceConfigValidators serves both list resources.
func (b *resourceBase) ListResourceConfigValidators(context.Context) []list.ConfigValidator {
	return []list.ConfigValidator{listresourcevalidator.ExactlyOneOf(path.MatchRoot("project"), path.MatchRoot("group"))}
}

// listed is an object that a list found.
type listed struct {
	name  string // distinguishes it from the others
	model interface {
		identify(context.Context, *tfsdk.ResourceIdentity) diag.Diagnostics
	}
}

// listProjects answers a request with what find returns for each project that its configuration names.
func (b *resourceBase) listProjects(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream, find func(context.Context, errortracking.Project) ([]listed, error)) {
	var model projectListModel
	diags := req.Config.Get(ctx, &model)
	var projects []errortracking.Project
	if !diags.HasError() && b.configured(&diags) {
		projects, _ = model.projects(ctx, b.client, b.client.Project, &diags)
	}
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	warnings := func(unreadable []string) (diags diag.Diagnostics) {
		if len(unreadable) > 0 {
			shown := strings.Join(unreadable[:min(len(unreadable), 10)], ", ")
			if len(unreadable) > 10 {
				shown += fmt.Sprintf(" and %d more", len(unreadable)-10)
			}
			diags.AddWarning(projectsSkipped, "The token cannot read the error tracking of "+shown+" in group "+model.Group.ValueString()+".\n\n"+adviceOn[errortracking.ErrForbidden].cure)
		}
		b.warnOfRateLimit(&diags)
		return diags
	}
	stream.Results = func(push func(list.ListResult) bool) {
		left := req.Limit
		var unreadable []string
		for read := range readEach(ctx, model.groupModel, projects, &unreadable, find) {
			if read.err != nil {
				var failed diag.Diagnostics
				addFailure(&failed, unableToReadProject, "Project "+read.project.Path, read.err)
				push(list.ListResult{Diagnostics: failed})
				return
			}
			for _, object := range read.found {
				result := req.NewListResult(ctx)
				result.DisplayName = object.name
				result.Diagnostics.Append(object.model.identify(ctx, result.Identity)...)
				if req.IncludeResource {
					result.Diagnostics.Append(result.Resource.Set(ctx, object.model)...)
				}
				if left--; left == 0 {
					result.Diagnostics.Append(warnings(unreadable)...)
				}
				if !push(result) || left == 0 {
					return
				}
			}
		}
		if diags := warnings(unreadable); len(diags) > 0 {
			push(list.ListResult{Diagnostics: diags})
		}
	}
}

// projects returns the projects that the configuration names, or an error that says what could not be done. A project that is
// given alone is found with find.
func (m projectListModel) projects(ctx context.Context, client *errortracking.Client, find func(context.Context, string) (errortracking.Project, error), diags *diag.Diagnostics) ([]errortracking.Project, bool) {
	if !m.Group.IsNull() {
		return m.groupModel.projects(ctx, client, diags)
	}
	project, err := find(ctx, m.Project.ValueString())
	if err != nil {
		addFailure(diags, unableToReadProject, named(m.Project), err)
	}
	return []errortracking.Project{project}, err == nil
}
