package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
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
	onDestroyDeactivate = "deactivate"
	onDestroyRestore    = "restore"
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

// Metadata implements resource.Resource.
func (r *settingsResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + settingsType
}

// Schema implements resource.Resource.
func (r *settingsResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	fixedString := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The error tracking settings of a project. A project has one set of settings, so at most one of these resources should name it; settings that exist already are taken over.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				MarkdownDescription: describeSettingsID,
				Computed:            true,
				PlanModifiers:       fixedString,
			},
			"project": schema.StringAttribute{
				MarkdownDescription: describeProject + " Another spelling of the same project is an update in place, another project a replacement.",
				Required:            true,
				Validators:          []validator.String{projectValidator{}},
			},
			"project_id": schema.Int64Attribute{
				MarkdownDescription: describeProjectID,
				Computed:            true,
				PlanModifiers:       []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
			},
			"active": schema.BoolAttribute{
				MarkdownDescription: describeActive,
				Required:            true,
			},
			"integrated": schema.BoolAttribute{
				MarkdownDescription: describeIntegrated + " Unset: the backend stays as it is; `true` where the project has no settings yet.",
				Optional:            true,
				Computed:            true,
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
			},
			"on_destroy": schema.StringAttribute{
				MarkdownDescription: "What happens to the settings when the resource is destroyed, since GitLab cannot delete them: `" + onDestroyDeactivate + "` switches error tracking off, `" + onDestroyRestore + "` sets `active` and `integrated` as they were before Terraform managed them (off where there were no settings), `" + onDestroyKeep + "` changes nothing. Default: `" + onDestroyDeactivate + "`.",
				Optional:            true,
				Computed:            true,
				Default:             stringdefault.StaticString(onDestroyDeactivate),
				Validators:          []validator.String{stringvalidator.OneOf(onDestroyDeactivate, onDestroyRestore, onDestroyKeep)},
			},
			"project_name": schema.StringAttribute{
				MarkdownDescription: describeProjectName,
				Computed:            true,
				PlanModifiers:       fixedString,
			},
			"sentry_external_url": schema.StringAttribute{
				MarkdownDescription: describeSentryExternalURL,
				Computed:            true,
				PlanModifiers:       fixedString,
			},
			"api_url": schema.StringAttribute{
				MarkdownDescription: describeAPIURL,
				Computed:            true,
				PlanModifiers:       fixedString,
			},
		},
	}
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (r *settingsResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"project_id": identityschema.Int64Attribute{Description: describeProjectID, RequiredForImport: true},
		},
	}
}

// ModifyPlan implements resource.ResourceWithModifyPlan.
func (r *settingsResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	r.planProject(ctx, req, resp)
}

// Create implements resource.Resource.
func (r *settingsResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var model settingsResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() || !r.configured(&resp.Diagnostics) {
		return
	}
	projectID, ok := resolve(ctx, r.client, model.Project.ValueString(), &resp.Diagnostics)
	if !ok {
		return
	}
	model.setProject(projectID)

	found, err := r.client.Settings(ctx, projectID.ValueInt64())
	none := errors.Is(err, errortracking.ErrSettingsNotFound)
	if err != nil && !none {
		resp.Diagnostics.AddError(cannot("read", model.Project), explain(err))
		return
	}
	wanted := wantedSettings{active: model.Active.ValueBool()}
	if !model.Integrated.IsUnknown() {
		wanted.integrated = model.Integrated.ValueBoolPointer()
	}
	settings := found
	switch {
	case none:
		integrated := wanted.integrated == nil || *wanted.integrated
		wanted.integrated = &integrated
		settings, err = r.client.CreateSettings(ctx, projectID.ValueInt64(), wanted.active, integrated)
	case !wanted.met(found):
		settings, err = r.client.UpdateSettings(ctx, projectID.ValueInt64(), wanted.active, wanted.integrated)
	}
	if err != nil {
		resp.Diagnostics.AddError(cannot("write", model.Project), explain(err))
		return
	}
	before := " Before, the project had no settings."
	if !none {
		before = fmt.Sprintf(" Before, it said active = %t, integrated = %t.", found.Active, found.Integrated)
	}
	wanted.check(settings, model.Project, before, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	model.setSettings(settings)
	resp.Diagnostics.Append(remember(ctx, resp.Private, found, !none)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
}

// Read implements resource.Resource.
func (r *settingsResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
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
		resp.Diagnostics.AddWarning(summaryNotConfigured, detailNotConfigured+" The settings of project "+model.Project.ValueString()+" are left as they were last seen.")
		return
	}
	settings, err := r.client.Settings(ctx, model.ProjectID.ValueInt64())
	switch {
	case errors.Is(err, errortracking.ErrSettingsNotFound) && !imported:
		resp.State.RemoveResource(ctx)
		return
	case errors.Is(err, errortracking.ErrProjectNotFound) && !imported:
		resp.Diagnostics.AddWarning(notVisible(model.Project), explain(err)+keptInState)
		return
	case err != nil:
		resp.Diagnostics.AddError(cannot("read", model.Project), explain(err))
		return
	}
	model.setSettings(settings)
	if _, _, remembered := recall(ctx, req.Private); !remembered {
		resp.Diagnostics.Append(remember(ctx, resp.Private, settings, true)...)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// Update implements resource.Resource.
func (r *settingsResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state, config settingsResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || !r.configured(&resp.Diagnostics) {
		return
	}
	projectID, ok := r.projectNumber(ctx, state.Project, state.ProjectID, &resp.Diagnostics)
	if ok && !plan.Project.Equal(state.Project) {
		r.sameProject(ctx, plan.Project, projectID, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.Active.Equal(state.Active) || !plan.Integrated.Equal(state.Integrated) {
		wanted := wantedSettings{active: plan.Active.ValueBool(), integrated: config.Integrated.ValueBoolPointer()}
		settings, err := r.client.UpdateSettings(ctx, projectID.ValueInt64(), wanted.active, wanted.integrated)
		if err != nil {
			resp.Diagnostics.AddError(cannot("write", plan.Project), explain(err))
			return
		}
		wanted.check(settings, plan.Project, "", &resp.Diagnostics)
		if resp.Diagnostics.HasError() {
			return
		}
	}
	// Terraform holds a provider to the values it planned. What else changed in GitLab is seen by the next refresh.
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	state.setProject(projectID)
	resp.Diagnostics.Append(state.identify(ctx, resp.Identity)...)
}

// Delete implements resource.Resource.
func (r *settingsResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state settingsResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || state.OnDestroy.ValueString() == onDestroyKeep || !r.configured(&resp.Diagnostics) {
		return
	}
	projectID, ok := r.projectNumber(ctx, state.Project, state.ProjectID, &resp.Diagnostics)
	if !ok {
		return
	}
	var wanted wantedSettings
	if state.OnDestroy.ValueString() == onDestroyRestore {
		if found, existed, _ := recall(ctx, req.Private); existed {
			wanted = wantedSettings{active: found.Active, integrated: &found.Integrated}
		}
	}
	settings, err := r.client.UpdateSettings(ctx, projectID.ValueInt64(), wanted.active, wanted.integrated)
	switch {
	case errors.Is(err, errortracking.ErrSettingsNotFound):
	case errors.Is(err, errortracking.ErrProjectNotFound):
		resp.Diagnostics.AddWarning(notVisible(state.Project), explain(err)+"\n\nThe settings are taken as gone with the project and were removed from the state.")
	case err != nil:
		resp.Diagnostics.AddError(cannot("reset", state.Project), explain(err))
	default:
		wanted.check(settings, state.Project, "", &resp.Diagnostics)
	}
}

// ImportState implements resource.ResourceWithImportState.
func (r *settingsResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if !r.configured(&resp.Diagnostics) {
		return
	}
	model := settingsResourceModel{OnDestroy: types.StringValue(onDestroyDeactivate)}
	if req.ID == "" {
		var identity settingsIdentity
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
		if resp.Diagnostics.HasError() {
			return
		}
		model.setProject(identity.ProjectID)
		model.Project = model.ID
	} else {
		projectID, ok := importProject(ctx, r.client, req.ID, &resp.Diagnostics)
		if !ok {
			return
		}
		model.setProject(projectID)
		model.Project = types.StringValue(req.ID)
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedKey, []byte("true"))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
}

// wantedSettings is what a request asks GitLab to store; a nil integrated leaves the backend as it is.
type wantedSettings struct {
	active     bool
	integrated *bool
}

func (w wantedSettings) met(s errortracking.Settings) bool {
	return s.Active == w.active && (w.integrated == nil || s.Integrated == *w.integrated)
}

// check adds an error when GitLab answered with success but says that it stored something else. The sentence before
// tells how the settings were, where no state does.
func (w wantedSettings) check(s errortracking.Settings, project types.String, before string, diags *diag.Diagnostics) {
	if w.met(s) {
		return
	}
	said := fmt.Sprintf("GitLab answered with success, but says active = %t, integrated = %t. Asked for: active = %t", s.Active, s.Integrated, w.active)
	if w.integrated != nil {
		said += ", integrated = " + strconv.FormatBool(*w.integrated)
	}
	flag := adviceOn[errortracking.ErrFeatureDisabled]
	diags.AddError("GitLab did not take over the error tracking settings of project "+project.ValueString(),
		said+"."+before+"\n\nThe usual cause: "+flag.cause+"\n\n"+flag.cure)
}

// foundKey is the key of the private state that holds the settings before Terraform managed them, for on_destroy.
const foundKey = "found"

// foundSettings is the value of foundKey; Existed is false when the project had no settings.
type foundSettings struct {
	Existed    bool `json:"existed"`
	Active     bool `json:"active"`
	Integrated bool `json:"integrated"`
}

func remember(ctx context.Context, private privateState, s errortracking.Settings, existed bool) diag.Diagnostics {
	value, err := json.Marshal(foundSettings{Existed: existed, Active: s.Active, Integrated: s.Integrated})
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("The provider is broken", err.Error())}
	}
	return private.SetKey(ctx, foundKey, value)
}

func recall(ctx context.Context, private privateState) (found errortracking.Settings, existed, remembered bool) {
	value, _ := private.GetKey(ctx, foundKey)
	var f foundSettings
	if json.Unmarshal(value, &f) != nil {
		return errortracking.Settings{}, false, false
	}
	return errortracking.Settings{Active: f.Active, Integrated: f.Integrated}, f.Existed, true
}

// cannot is the title of an error about a project's settings.
func cannot(verb string, project types.String) string {
	return "Cannot " + verb + " the error tracking settings of project " + project.ValueString()
}
