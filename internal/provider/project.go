package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const (
	describeProject   = "The ID or full path (`acme/web`) of the project."
	describeProjectID = "The numeric ID of the project. It stays the same when the project is renamed or moved."
)

// nameValidator refuses what can never be a project or a group, before anything is asked.
type nameValidator struct {
	object string
	title  string // of the error
	parse  func(name string) error
}

var validProject = nameValidator{"project", invalidProject, func(name string) error {
	_, _, err := errortracking.ParseProject(name)
	return err
}}

func (v nameValidator) Description(context.Context) string {
	return "must be a " + v.object + "'s numeric ID or full path"
}

func (v nameValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v nameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := v.parse(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, v.title, capitalized(sentence(err.Error())))
	}
}

// planProject plans project, project_id and id, and with them whether an object stays in the project of its state,
// where GitLab or the state knows that. It returns the planned project_id, and false when the plan has an error.
func (b *resourceBase) planProject(ctx context.Context, before types.String, known types.Int64, idIn func(projectID types.Int64) types.String, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) (projectID types.Int64, ok bool) {
	var after types.String
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("project"), &after)...)
	if known.IsNull() && !before.IsNull() && b.client != nil { // A state that was moved from gitlabhq/gitlab, and not read yet.
		found, _, err := b.lookUp(ctx, before.ValueString())
		if err == nil {
			known = types.Int64Value(found.ID)
		} else if !after.IsUnknown() && !after.Equal(before) {
			addFailure(&resp.Diagnostics, unableToReadProject, named(before), err)
		}
	}
	projectID = known
	if known.IsNull() {
		projectID = types.Int64Unknown()
	}
	if resp.Diagnostics.HasError() {
		return projectID, false
	}
	switch {
	case after.IsUnknown():
	case b.client != nil:
		projectID = b.planKnownProject(ctx, before, after, projectID, resp)
	case !before.IsNull(): // Whether project means another one is seen when the provider block is known.
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("project"), before)...)
	}
	if !before.IsNull() {
		left, _ := json.Marshal(replacement{known.ValueInt64(), before.ValueString(), projectID.ValueInt64()})
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, replacementKey, left)...)
	} else if replaced := replacedBy(ctx, req); replaced.From != 0 && b.client != nil && !resp.Diagnostics.HasError() {
		b.checkReplacement(ctx, replaced, after, projectID, &resp.Diagnostics)
	}
	id := types.StringUnknown()
	if !projectID.IsUnknown() {
		id = idIn(projectID)
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("project_id"), projectID)...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), id)...)
	return projectID, !resp.Diagnostics.HasError()
}

// planKnownProject decides what becomes of an object whose project is given, and says what the user should know of that. before
// and known are those of the state: known is unknown for a new object, and for one whose number nobody knows yet. It returns the
// planned project_id.
func (b *resourceBase) planKnownProject(ctx context.Context, before, after types.String, known types.Int64, resp *resource.ModifyPlanResponse) types.Int64 {
	attribute, diags := path.Root("project"), &resp.Diagnostics
	exists, respelled, from := !known.IsUnknown(), !after.Equal(before), known.ValueInt64()
	found, spelled, err := b.lookUp(ctx, after.ValueString())
	missing := errors.Is(err, errortracking.ErrProjectNotFound)
	seen, _ := b.visibility.of(cmp.Or(from, found.ID), spelled)
	switch {
	case !exists && seen.err != nil: // A tainted object is planned like a new one.
		refuseHidden(after, diags)
	case !exists && missing:
		diags.AddAttributeWarning(attribute, projectNotFound, inProject(after, cause(err))+"\n\nThe plan continues. The project must exist when the plan is applied.")
	case missing && (seen.refreshed || !respelled):
		if !seen.refreshed || seen.err == nil { // Otherwise the refresh has warned.
			diags.AddAttributeWarning(attribute, projectNotFound, inProject(after, cause(err))+fmt.Sprintf("\n\nThe resource stays in project %d.", from))
		}
	case err != nil:
		addFailure(diags, unableToReadProject, named(after), err)
	case exists && found.ID != from && !seen.refreshed:
		diags.AddAttributeError(attribute, differentProject, difference(from, found.ID, spelled, respelled)+
			". This plan was made without a refresh, or is applied now and does not know that. Nothing was changed.\n\nPlan again, with a refresh, to see the replacement.")
	case exists && found.ID != from:
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("project_id"))
		detail := difference(from, found.ID, spelled, respelled) + fmt.Sprintf(", so it will be replaced.\n\nTo keep it in project %d, set project = \"%d\". If lifecycle ignore_changes covers project, remove it there, too.", from, from)
		if seen.err != nil {
			detail += fmt.Sprintf("\n\nThe token cannot see project %d. What the resource manages there will be forgotten, not deleted.", from)
		}
		diags.AddAttributeWarning(attribute, differentProject, detail)
		return types.Int64Value(found.ID)
	default:
		if exists && respelled && b.isCurrent(ctx, before.ValueString(), from) {
			diags.Append(resp.Plan.SetAttribute(ctx, attribute, before)...)
		}
		if !strings.EqualFold(spelled, found.Path) {
			diags.AddAttributeWarning(attribute, projectMoved,
				"Project "+spelled+" has moved to "+found.Path+". The old path works until another project takes it.\n\nSet project = \""+found.Path+"\".")
		}
		return types.Int64Value(found.ID)
	}
	return known
}

// difference says that an object's project is not the one that project means now, by ID or path.
func difference(from, to int64, path string, respelled bool) string {
	switch {
	case path == "":
		return fmt.Sprintf("The resource is in project %d, but project is now %d", from, to)
	case respelled:
		return fmt.Sprintf("The resource is in project %d, but project is now %s, which is project %d", from, path, to)
	}
	return fmt.Sprintf("Project %s is now project %d, but this resource is in project %d", path, to, from)
}

// replacement is what the plan of an existing object leaves for the plan of the object that replaces it. Terraform plans that
// one like a new object, but with the private state that the first plan returned.
type replacement struct {
	From    int64  `json:"from"` // the project ID of the existing object
	Project string `json:"project"`
	To      int64  `json:"to"` // the project ID of the new one, as far as the first plan knows
}

const replacementKey = "replacement"

// replacedBy returns what the plan of the existing object has left, if the new object of req replaces one.
func replacedBy(ctx context.Context, req resource.ModifyPlanRequest) (r replacement) {
	left, _ := req.Private.GetKey(ctx, replacementKey)
	_ = json.Unmarshal(left, &r)
	return r
}

// checkReplacement rejects a replacement in a project that the token cannot see, and one whose path leads nowhere, so that the
// old object would be deleted and no new one created. It also rejects one that does not go where the plan of the existing
// object said: with ignore_changes that plan saw the project of the state, and this one that of the configuration.
func (b *resourceBase) checkReplacement(ctx context.Context, r replacement, project types.String, projectID types.Int64, diags *diag.Diagnostics) {
	switch {
	case r.To == r.From && b.look(ctx, r.From, types.StringValue(r.Project)) != nil:
		refuseHidden(types.StringValue(r.Project), diags)
	case r.To == r.From && projectID.IsUnknown() && !project.IsUnknown():
		diags.AddAttributeError(path.Root("project"), unableToReplace, fmt.Sprintf("The path in project leads nowhere now, so nothing can be created there. Nothing was changed.\n\nSet project to the new path of the project, or to \"%d\".", r.From))
	case r.To != r.From && projectID.ValueInt64() != r.To:
		diags.AddAttributeError(path.Root("project"), differentProject, fmt.Sprintf("Project %s is now project %d, but this resource is in project %d, and its configuration names neither the path nor project %d. "+
			"So lifecycle ignore_changes keeps the path in the state. Nothing was changed.\n\nTo keep the resource in project %d, remove project from ignore_changes and set project = \"%d\".", r.Project, r.To, r.From, r.To, r.From, r.From))
	}
}

// lookUp returns the project that an ID or path leads to, and the path if it is one. An ID is not looked up.
func (b *resourceBase) lookUp(ctx context.Context, project string) (found errortracking.Project, path string, err error) {
	id, path, err := errortracking.ParseProject(project)
	if err != nil || id != 0 {
		return errortracking.Project{ID: id}, "", err
	}
	found, err = b.client.Project(ctx, project)
	return found, path, err
}

// isCurrent reports whether a spelling in the state still means the project, by the path that it has now. Without an answer,
// it is taken to do so.
func (b *resourceBase) isCurrent(ctx context.Context, project string, id int64) bool {
	found, path, err := b.lookUp(ctx, project)
	if err != nil {
		return !errors.Is(err, errortracking.ErrProjectNotFound)
	}
	return found.ID == id && strings.EqualFold(path, found.Path)
}

// resolve returns the numeric ID of a project, or an error that says what could not be done.
func resolve(ctx context.Context, client *errortracking.Client, project types.String, diags *diag.Diagnostics) (types.Int64, bool) {
	found, err := client.ResolveProject(ctx, project.ValueString())
	if err != nil {
		addFailure(diags, unableToReadProject, named(project), err)
		return types.Int64Null(), false
	}
	return types.Int64Value(found.ID), true
}

// projectNumber returns the numeric ID of the project of a state. A state that was moved from gitlabhq/gitlab may lack it until
// it is read; then GitLab is asked.
func (b *resourceBase) projectNumber(ctx context.Context, project types.String, known types.Int64, diags *diag.Diagnostics) (types.Int64, bool) {
	if !known.IsNull() && !known.IsUnknown() {
		return known, true
	}
	if !b.configured(diags) {
		return known, false
	}
	return resolve(ctx, b.client, project, diags)
}
