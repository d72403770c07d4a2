package provider

import (
	"context"
	"errors"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const (
	describeProject   = "The project, as numeric ID or full path (`acme/web`)."
	describeProjectID = "The numeric ID of the project. It never changes, also when the project is renamed or moved."
)

// projectValidator refuses what can be no project, before anything is asked.
type projectValidator struct{}

func (projectValidator) Description(context.Context) string {
	return "must be a project's numeric ID or full path"
}

func (v projectValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements validator.String.
func (projectValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, _, err := errortracking.ParseProject(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid project", capitalized(sentence(err.Error())))
	}
}

// capitalized makes the first letter of an English text a capital.
func capitalized(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// importedKey is the key of the private state that marks an imported object. An import sees no configuration, so that
// later plans take over what it could not know: how project is written, and the first keepers of a client key.
const importedKey = "imported"

// privateState is what framework requests and responses offer of the private state.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// isImported reports whether a private state bears the mark of an import.
func isImported(ctx context.Context, private privateState) bool {
	mark, _ := private.GetKey(ctx, importedKey)
	return len(mark) > 0
}

// planProject decides what another value of project means: the same project in another spelling is an update in place,
// another project a replacement. What cannot be decided yet is planned as an update and decided by sameProject when it
// is applied, since a replacement would lose a key that may not have to go.
func (b *resourceBase) planProject(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.State.Raw.IsNull() || req.Plan.Raw.IsNull() || b.client == nil {
		return
	}
	var before, after types.String
	var projectID types.Int64
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("project"), &before)...)
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("project_id"), &projectID)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("project"), &after)...)
	if resp.Diagnostics.HasError() || after.IsUnknown() || after.Equal(before) {
		return
	}
	projectID, ok := b.projectNumber(ctx, before, projectID, &resp.Diagnostics)
	if !ok {
		return
	}
	id, err := b.client.ResolveProject(ctx, after.ValueString())
	switch {
	case errors.Is(err, errortracking.ErrProjectNotFound):
		resp.Diagnostics.AddAttributeWarning(path.Root("project"), "Project "+after.ValueString()+" not found yet",
			explain(err)+"\n\nThe plan goes on as if it were another path of project "+before.ValueString()+". If it is not when the plan is applied, the apply stops without a change.")
	case err != nil:
		resp.Diagnostics.AddAttributeError(path.Root("project"), "Cannot find project "+after.ValueString(), explain(err))
	case id != projectID.ValueInt64():
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("project"))
	case isImported(ctx, req.Private) && alike(before.ValueString(), after.ValueString()):
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("project"), before)...)
	}
}

// alike reports whether two spellings of one project differ only in what an import cannot know: one is the ID, or both
// are the same path. A new path after a rename is no such difference; it is to be taken over.
func alike(before, after string) bool {
	beforeID, beforePath, _ := errortracking.ParseProject(before)
	afterID, afterPath, _ := errortracking.ParseProject(after)
	return beforeID != 0 || afterID != 0 || strings.EqualFold(beforePath, afterPath)
}

// sameProject checks, when a plan is applied, that project still means the project with the given ID.
func (b *resourceBase) sameProject(ctx context.Context, project types.String, id types.Int64, diags *diag.Diagnostics) {
	found, ok := resolve(ctx, b.client, project.ValueString(), diags)
	if ok && !found.Equal(id) {
		diags.AddAttributeError(path.Root("project"), "Project "+project.ValueString()+" is another project",
			"When this was planned, it was not known yet that project is no other name of the project that this resource has managed so far. Nothing was changed.\n\nRun the command again to plan the replacement.")
	}
}

// resolve returns the numeric ID of a project, or an error that says what could not be done.
func resolve(ctx context.Context, client *errortracking.Client, project string, diags *diag.Diagnostics) (types.Int64, bool) {
	id, err := client.ResolveProject(ctx, project)
	if err != nil {
		diags.AddAttributeError(path.Root("project"), "Cannot find project "+project, explain(err))
		return types.Int64Null(), false
	}
	return types.Int64Value(id), true
}

// projectNumber returns the numeric ID of the project of a state. A state that was moved from another provider may lack
// it until it is read; then GitLab is asked.
func (b *resourceBase) projectNumber(ctx context.Context, project types.String, known types.Int64, diags *diag.Diagnostics) (types.Int64, bool) {
	if !known.IsNull() {
		return known, true
	}
	if !b.configured(diags) {
		return known, false
	}
	return resolve(ctx, b.client, project.ValueString(), diags)
}

// importProject returns the numeric ID of the project in an import ID.
func importProject(ctx context.Context, client *errortracking.Client, project string, diags *diag.Diagnostics) (types.Int64, bool) {
	id, err := client.ResolveProject(ctx, project)
	if err != nil {
		diags.AddError("Cannot import from project "+project, capitalized(explain(err)))
		return types.Int64Null(), false
	}
	return types.Int64Value(id), true
}

// keptInState ends the warning about an object whose project cannot be seen.
const keptInState = "\n\nThe object is kept in the state as it was last seen. If the project is gone for good, remove the object from the configuration."

// notVisible is the title of the warning about such a project.
func notVisible(project types.String) string {
	return "Project " + project.ValueString() + " cannot be seen any more"
}
