package provider

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ resource.ResourceWithConfigure   = (*settingsResource)(nil)
	_ resource.ResourceWithIdentity    = (*settingsResource)(nil)
	_ resource.ResourceWithImportState = (*settingsResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*settingsResource)(nil)
	_ resource.ResourceWithMoveState   = (*settingsResource)(nil)
)

// The values of on_destroy.
const (
	onDestroyRestore    = "restore"
	onDestroyDeactivate = "deactivate"
	onDestroyKeep       = "keep"
)

type settingsResource struct {
	resourceBase
}

type settingsResourceModel struct {
	settingsModel
	OnDestroy types.String `tfsdk:"on_destroy"`
}

func newSettingsResource() resource.Resource { return &settingsResource{} }

func (r *settingsResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + settingsType
}

func (r *settingsResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	fixedString := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages the error tracking settings of a project. A project has one set of settings, so declare at most one of these resources for it. Existing settings are adopted, and a destroy restores them.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{MarkdownDescription: describeSettingsID, Computed: true},
			"project": schema.StringAttribute{
				MarkdownDescription: describeProject + " Switching between ID and path changes nothing; pointing at a different project forces a replacement.",
				Required:            true,
				Validators:          []validator.String{validProject},
			},
			"project_id": schema.Int64Attribute{MarkdownDescription: describeProjectID, Computed: true},
			"active":     schema.BoolAttribute{MarkdownDescription: describeActive, Required: true},
			"integrated": schema.BoolAttribute{
				MarkdownDescription: describeIntegrated + " If `integrated` is unset, its value in GitLab stays, or is `true` if the project has no settings yet.",
				Optional:            true,
				Computed:            true,
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
			},
			"on_destroy": schema.StringAttribute{
				MarkdownDescription: "What happens on destroy. GitLab has no way to delete settings. `" + onDestroyRestore + "` undoes what Terraform changed, or disables error tracking where there were no settings; `" + onDestroyDeactivate + "` disables error tracking; `" + onDestroyKeep + "` changes nothing. Default: `" + onDestroyRestore + "`.",
				Optional:            true,
				Computed:            true,
				Default:             stringdefault.StaticString(onDestroyRestore),
				Validators:          []validator.String{stringvalidator.OneOf(onDestroyRestore, onDestroyDeactivate, onDestroyKeep)},
			},
			"project_name":        schema.StringAttribute{MarkdownDescription: describeProjectName, Computed: true, PlanModifiers: fixedString},
			"sentry_external_url": schema.StringAttribute{MarkdownDescription: describeSentryExternalURL, Computed: true, PlanModifiers: fixedString},
			"api_url":             schema.StringAttribute{MarkdownDescription: describeAPIURL, Computed: true, PlanModifiers: fixedString},
		},
	}
}

func (r *settingsResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"project_id": identityschema.Int64Attribute{Description: describeProjectID, RequiredForImport: true},
	}}
}

func (r *settingsResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	defer r.warnOfRateLimit(&resp.Diagnostics)
	var config, state settingsResourceModel
	exists := !req.State.Raw.IsNull()
	if exists {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	active, integrated := loadOriginal(ctx, req.Private).onDestroy(state.OnDestroy.ValueString())
	resets := exists && (active != nil || integrated != nil)
	if req.Plan.Raw.IsNull() {
		if resets {
			r.conflicts.noteSettings(state.ProjectID.ValueInt64(), state.Project, nil, false, &resp.Diagnostics)
			r.planForgotten(ctx, state.ProjectID, state.Project, "the error tracking settings of project "+state.Project.ValueString(), &resp.Diagnostics)
		}
		return
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	projectID, ok := r.planProject(ctx, state.Project, state.ProjectID, settingsID, req, resp)
	if !ok || projectID.IsUnknown() {
		return
	}
	stays := exists && (state.ProjectID.IsNull() || state.ProjectID.Equal(projectID))
	if r.client == nil || config.Active.IsUnknown() || config.Integrated.IsUnknown() || !exists && replacedBy(ctx, req).From != 0 {
		return
	}
	if config.Project.IsUnknown() {
		config.Project = state.Project
	}
	wanted := wantedSettings(config)
	r.conflicts.noteSettings(projectID.ValueInt64(), config.Project, &wanted, stays, &resp.Diagnostics)
	if stays {
		return
	}
	r.warnOfExisting(ctx, projectID.ValueInt64(), config.Project, wanted, &resp.Diagnostics)
	if resets {
		r.conflicts.noteSettings(state.ProjectID.ValueInt64(), state.Project, nil, false, &resp.Diagnostics)
	}
}

// warnOfExisting says what the creation of a resource changes in settings that the project has already. Where a refresh has
// read them, or this run has reset them, a resource manages them.
func (r *settingsResource) warnOfExisting(ctx context.Context, projectID int64, project types.String, wanted errortracking.WantedSettings, diags *diag.Diagnostics) {
	before, err := r.client.SharedSettings(ctx, projectID)
	if _, managed := r.managed.Load(projectID); managed || err != nil || before == nil {
		return // An error shows again in the apply, which can give the advice on a save.
	}
	found := errortracking.WantedSettings{Active: before.Active, Integrated: &before.Integrated}
	if agree(found, wanted) {
		return
	}
	detail := "Project " + project.ValueString() + " already has error tracking settings: " + found.String() + ". The apply will set " + wanted.String() + "."
	if before.APIURL != nil && !before.Integrated && wanted.Integrated != nil && *wanted.Integrated {
		detail += " GitLab will then no longer show the errors of the Sentry project that is connected."
	}
	diags.AddAttributeWarning(path.Root("project"), settingsWillChange, detail+"\n\nTo keep the settings as they are, set the arguments to their current values.")
}

func (r *settingsResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer r.warnOfRateLimit(&resp.Diagnostics)
	var model, config settingsResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || !r.configured(&resp.Diagnostics) {
		return
	}
	projectID, ok := resolve(ctx, r.client, model.Project, &resp.Diagnostics)
	if !ok {
		return
	}
	saved, stored := r.save(ctx, projectID.ValueInt64(), model.Project, config, nil, resp.Private, &resp.Diagnostics)
	if !stored {
		return
	}
	// After an error something may be stored, too, so the object goes into the state with the error.
	model.setProject(projectID)
	model.setSettings(saved.Settings)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
}

func (r *settingsResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer r.warnOfRateLimit(&resp.Diagnostics)
	var model settingsResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	imported := model.Active.IsNull()
	projectID, ok := r.projectNumber(ctx, model.Project, model.ProjectID, &resp.Diagnostics)
	if !ok {
		return
	}
	model.setProject(projectID)
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
	if r.client == nil {
		resp.Diagnostics.AddWarning(providerNotConfigured, detailNotConfigured+" The settings of project "+model.Project.ValueString()+" stay in the state as they were last read.")
		return
	}
	settings, err := r.client.SharedSettings(ctx, model.ProjectID.ValueInt64())
	r.visibility.record(model.ProjectID.ValueInt64(), model.Project, err, true)
	r.managed.Store(model.ProjectID.ValueInt64(), true)
	warning, hidden := outOfReach(err)
	switch {
	case hidden && !imported:
		resp.Diagnostics.AddWarning(warning, inProject(model.Project, cause(err))+keptInState)
	case err != nil:
		addFailure(&resp.Diagnostics, unableToReadSettings, named(model.Project), err)
	case settings == nil && imported:
		resp.Diagnostics.AddError(unableToReadSettings, inProject(model.Project, "The project has no error tracking settings, so there is nothing to import.\n\n"+nothingToImport))
	case settings == nil:
		resp.State.RemoveResource(ctx)
	default:
		model.setSettings(*settings)
		resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	}
}

func (r *settingsResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer r.warnOfRateLimit(&resp.Diagnostics)
	var plan, state, config settingsResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || !r.configured(&resp.Diagnostics) {
		return
	}
	projectID, ok := r.projectNumber(ctx, plan.Project, state.ProjectID, &resp.Diagnostics)
	if !ok {
		return
	}
	if !plan.Active.Equal(state.Active) || !plan.Integrated.Equal(state.Integrated) {
		original := loadOriginal(ctx, req.Private)
		r.save(ctx, projectID.ValueInt64(), plan.Project, config, &original, resp.Private, &resp.Diagnostics)
		if resp.Diagnostics.HasError() {
			return
		}
	}
	plan.setProject(projectID)
	// Terraform holds a provider to the values it planned. The next refresh sees what else changed in GitLab.
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(plan.identify(ctx, resp.Identity)...)
}

func (r *settingsResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	defer r.warnOfRateLimit(&resp.Diagnostics)
	var state settingsResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	original := loadOriginal(ctx, req.Private)
	active, integrated := original.onDestroy(state.OnDestroy.ValueString())
	if resp.Diagnostics.HasError() || active == nil && integrated == nil || !r.configured(&resp.Diagnostics) {
		return
	}
	projectID, ok := r.projectNumber(ctx, state.Project, state.ProjectID, &resp.Diagnostics)
	if !ok {
		return
	}
	r.managed.Store(projectID.ValueInt64(), true)
	saved, err := r.client.ResetSettings(ctx, projectID.ValueInt64(), active, integrated)
	warnOfUntrackedKeys(state.Project, saved, &resp.Diagnostics)
	warning, hidden := outOfReach(err)
	switch {
	case errors.Is(err, errortracking.ErrSettingsInUse):
		detail := "A project has one set of error tracking settings, and this run has saved them through another resource, so they stay as that resource set them."
		if state.OnDestroy.ValueString() == onDestroyRestore {
			detail += "\n\nBefore Terraform: " + original.String() + ". The other resource does not know that, so its restore leaves the settings as they are now. To disable error tracking when it is destroyed, set on_destroy = \"" + onDestroyDeactivate + "\" there."
		}
		resp.Diagnostics.AddWarning(settingsKept, inProject(state.Project, detail))
	case hidden:
		resp.Diagnostics.AddWarning(warning, inProject(state.Project, cause(err))+"\n\nThe settings were removed from the state. If they still exist in GitLab, they stay as they are.")
	case err != nil:
		detail := explain(err)
		if errors.Is(err, errortracking.ErrFeatureDisabled) || errors.Is(err, errortracking.ErrRejected) || errors.Is(err, errortracking.ErrNotApplied) {
			detail = cause(err) // What helps a save does not help a restore.
		}
		resp.Diagnostics.AddError(titleOf(err, unableToApplyOnDestroy), inProject(state.Project, detail+"\n\n"+stopManaging))
	}
}

func (r *settingsResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	defer r.warnOfRateLimit(&resp.Diagnostics)
	id := importID(ctx, req, &resp.Diagnostics, "project_id")
	if resp.Diagnostics.HasError() || !r.configured(&resp.Diagnostics) {
		return
	}
	if name, _, _ := strings.Cut(id, ":"); name == "" || name != id {
		resp.Diagnostics.AddError(invalidImportID, strconv.Quote(id)+" is not an import ID of error tracking settings: use the project's numeric ID or full path alone, such as "+cmp.Or(name, "acme/web")+".")
		return
	}
	project, err := r.importProject(ctx, id)
	if err != nil {
		addFailure(&resp.Diagnostics, unableToReadProject, "Project "+id, err)
		return
	}
	model := settingsResourceModel{OnDestroy: types.StringValue(onDestroyRestore)}
	model.setProject(types.Int64Value(project.ID))
	model.Project = types.StringValue(project.Path)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
}

// wantedSettings are the settings that a configuration asks for.
func wantedSettings(config settingsResourceModel) errortracking.WantedSettings {
	return errortracking.WantedSettings{Active: config.Active.ValueBool(), Integrated: config.Integrated.ValueBoolPointer()}
}

// save saves the settings that a configuration asks for, and remembers what it found; original is nil for a new object. It
// reports whether GitLab may have stored something, which an error can leave open.
func (r *settingsResource) save(ctx context.Context, projectID int64, project types.String, config settingsResourceModel, original *originalSettings, private privateState, diags *diag.Diagnostics) (saved errortracking.SavedSettings, stored bool) {
	wanted := wantedSettings(config)
	saved, err := r.client.SaveSettings(ctx, projectID, wanted)
	warnOfUntrackedKeys(project, saved, diags)
	// A disabled feature flag keeps GitLab's API from creating settings for Sentry, too, but then it is not the flag that is missing.
	if errors.Is(err, errortracking.ErrFeatureDisabled) && wanted.Integrated != nil && !*wanted.Integrated {
		diags.AddError(unableToSaveSettings, inProject(project, cause(err)+"\n\n"+connectFirst))
	} else if err != nil {
		addFailure(diags, unableToSaveSettings, named(project), err)
	}
	if failed, ok := errors.AsType[*errortracking.Error](err); err != nil && (!ok || !failed.Sent) {
		return saved, false
	}
	original = cmp.Or(original, &originalSettings{Existed: saved.Before != nil})
	original.remember(saved.Before, wanted)
	diags.Append(original.save(ctx, private)...)
	return saved, true
}
