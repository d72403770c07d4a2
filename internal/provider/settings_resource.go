package provider

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
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

func (r *settingsResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + settingsType
}

func (r *settingsResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	fixedString := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages the error tracking settings of a project. A project has one set of settings, so declare at most one of these resources for it. Existing settings are adopted.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{MarkdownDescription: describeSettingsID, Computed: true, PlanModifiers: fixedString},
			"project": schema.StringAttribute{
				MarkdownDescription: describeProject + " Switching between ID and path updates in place; pointing at a different project forces a replacement.",
				Required:            true,
				Validators:          []validator.String{validProject},
			},
			"project_id": schema.Int64Attribute{
				MarkdownDescription: describeProjectID,
				Computed:            true,
				PlanModifiers:       []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
			},
			"active": schema.BoolAttribute{MarkdownDescription: describeActive, Required: true},
			"integrated": schema.BoolAttribute{
				MarkdownDescription: describeIntegrated + " If unset, it stays as it is in GitLab, or is `true` if the project has no settings yet.",
				Optional:            true,
				Computed:            true,
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
			},
			"on_destroy": schema.StringAttribute{
				MarkdownDescription: "What destroying the resource does, because GitLab cannot delete settings. `" + onDestroyDeactivate + "` disables error tracking, `" + onDestroyRestore + "` restores the values from before Terraform changed them, `" + onDestroyKeep + "` changes nothing. Default: `" + onDestroyDeactivate + "`.",
				Optional:            true,
				Computed:            true,
				Default:             stringdefault.StaticString(onDestroyDeactivate),
				Validators:          []validator.String{stringvalidator.OneOf(onDestroyDeactivate, onDestroyRestore, onDestroyKeep)},
			},
			"project_name":        schema.StringAttribute{MarkdownDescription: describeProjectName, Computed: true, PlanModifiers: fixedString},
			"sentry_external_url": schema.StringAttribute{MarkdownDescription: describeSentryExternalURL, Computed: true, PlanModifiers: fixedString},
			"api_url":             schema.StringAttribute{MarkdownDescription: describeAPIURL, Computed: true, PlanModifiers: fixedString},
		},
	}
}

func (r *settingsResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"project_id": identityschema.Int64Attribute{Description: describeProjectID, RequiredForImport: true},
		},
	}
}

func (r *settingsResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	defer r.rateLimit.begin(&resp.Diagnostics)()
	if req.Plan.Raw.IsNull() || !r.planProject(ctx, req, resp) {
		return
	}
	var number types.Int64
	resp.Diagnostics.Append(resp.Plan.GetAttribute(ctx, path.Root("project_id"), &number)...)
	if !number.IsNull() && !number.IsUnknown() {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), strconv.FormatInt(number.ValueInt64(), 10))...)
	}
}

func (r *settingsResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer r.rateLimit.begin(&resp.Diagnostics)()
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
	model.setProject(projectID)
	saved, err := r.client.SaveSettings(ctx, projectID.ValueInt64(), wantedSettings(config))
	warnOfUntrackedKeys(model.Project, saved.Untracked, &resp.Diagnostics)
	if err != nil {
		resp.Diagnostics.AddError(unableToSaveSettings, inProject(model.Project, explain(err)))
		if !mayBeStored(err) {
			return
		}
		// Something may be stored, so the object and what was found go into the state with the error.
	}
	model.setSettings(saved.Settings)
	resp.Diagnostics.Append(newFound(saved.Before, wantedSettings(config)).save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
}

func (r *settingsResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer r.rateLimit.begin(&resp.Diagnostics)()
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
	settings, err := r.client.Settings(ctx, model.ProjectID.ValueInt64())
	warning, hidden := outOfReach(err)
	r.sightings.add(model.ProjectID.ValueInt64(), !hidden)
	switch {
	case errors.Is(err, errortracking.ErrSettingsNotFound) && !imported:
		resp.State.RemoveResource(ctx)
		return
	case hidden && !imported:
		resp.Diagnostics.AddWarning(warning, inProject(model.Project, explain(err))+keptInState)
		return
	case err != nil:
		resp.Diagnostics.AddError(unableToReadSettings, inProject(model.Project, explain(err)))
		return
	}
	model.setSettings(settings)
	if _, remembered := loadFound(ctx, req.Private); !remembered {
		resp.Diagnostics.Append(foundSettings{Existed: true}.save(ctx, resp.Private)...)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func (r *settingsResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	defer r.rateLimit.begin(&resp.Diagnostics)()
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
	plan.setProject(projectID)
	if !plan.Active.Equal(state.Active) || !plan.Integrated.Equal(state.Integrated) {
		saved, err := r.client.SaveSettings(ctx, projectID.ValueInt64(), wantedSettings(config))
		warnOfUntrackedKeys(plan.Project, saved.Untracked, &resp.Diagnostics)
		if err == nil || mayBeStored(err) {
			found, _ := loadFound(ctx, req.Private)
			found.note(state.settingsModel, plan.settingsModel)
			resp.Diagnostics.Append(found.save(ctx, resp.Private)...)
		}
		if err != nil {
			resp.Diagnostics.AddError(unableToSaveSettings, inProject(plan.Project, explain(err)))
			return
		}
	}
	// Terraform holds a provider to the values it planned. The next refresh sees what else changed in GitLab.
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(plan.identify(ctx, resp.Identity)...)
}

func (r *settingsResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	defer r.rateLimit.begin(&resp.Diagnostics)()
	var state settingsResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || state.OnDestroy.ValueString() == onDestroyKeep || !r.configured(&resp.Diagnostics) {
		return
	}
	projectID, ok := r.projectNumber(ctx, state.Project, state.ProjectID, &resp.Diagnostics)
	if !ok {
		return
	}
	active, integrated := new(false), (*bool)(nil)
	if found, _ := loadFound(ctx, req.Private); found.Existed && state.OnDestroy.ValueString() == onDestroyRestore {
		active, integrated = found.Active, found.Integrated
	}
	saved, err := r.client.ResetSettings(ctx, projectID.ValueInt64(), active, integrated)
	warnOfUntrackedKeys(state.Project, saved.Untracked, &resp.Diagnostics)
	warning, hidden := outOfReach(err)
	switch {
	case errors.Is(err, errortracking.ErrSettingsInUse):
		known := adviceOn[errortracking.ErrSettingsInUse]
		resp.Diagnostics.AddWarning(settingsNotReset, inProject(state.Project, known.cause+"\n\n"+known.cure))
	case hidden:
		resp.Diagnostics.AddWarning(warning, inProject(state.Project, explain(err))+"\n\nThe settings were removed from the state. If they still exist in GitLab, they stay as they are.")
	case err != nil:
		resp.Diagnostics.AddError(unableToResetSettings, inProject(state.Project, explain(err)))
	}
}

func (r *settingsResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if !r.configured(&resp.Diagnostics) {
		return
	}
	project := req.ID
	if project == "" && req.Identity != nil && !req.Identity.Raw.IsNull() {
		projectID, ok := importedNumber(req.Identity, "project_id", &resp.Diagnostics)
		if !ok {
			return
		}
		project = strconv.FormatInt(projectID, 10)
	}
	if project == "" {
		resp.Diagnostics.AddError(invalidImportID, "The import ID of error tracking settings is the project's numeric ID or full path, such as \"acme/web\". It is empty.")
		return
	}
	number, name, ok := importProject(ctx, r.client, project, &resp.Diagnostics)
	if !ok {
		return
	}
	model := settingsResourceModel{OnDestroy: types.StringValue(onDestroyDeactivate)}
	model.setProject(number)
	model.Project = name
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedKey, []byte("true"))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
}

// wantedSettings are the settings that a configuration asks for.
func wantedSettings(config settingsResourceModel) errortracking.WantedSettings {
	return errortracking.WantedSettings{Active: config.Active.ValueBool(), Integrated: config.Integrated.ValueBoolPointer()}
}

// foundKey is the key of the private state that holds the settings before Terraform changed them, for on_destroy.
const foundKey = "found"

// foundSettings is the value of foundKey: what restore sets back.
type foundSettings struct {
	// Existed is false when the project had no settings.
	Existed bool `json:"existed"`
	// Active and Integrated are nil while Terraform has not changed them.
	Active     *bool `json:"active,omitempty"`
	Integrated *bool `json:"integrated,omitempty"`
}

// newFound notes the settings that were found, nil for none, before the wanted ones were written.
func newFound(before *errortracking.Settings, wanted errortracking.WantedSettings) foundSettings {
	if before == nil {
		return foundSettings{}
	}
	found := foundSettings{Existed: true}
	if before.Active != wanted.Active {
		found.Active = &before.Active
	}
	if wanted.Integrated != nil && before.Integrated != *wanted.Integrated {
		found.Integrated = &before.Integrated
	}
	return found
}

// note notes what an update changes for the first time.
func (f *foundSettings) note(state, plan settingsModel) {
	if f.Active == nil && !plan.Active.Equal(state.Active) {
		f.Active = state.Active.ValueBoolPointer()
	}
	if f.Integrated == nil && !plan.Integrated.Equal(state.Integrated) {
		f.Integrated = state.Integrated.ValueBoolPointer()
	}
}

// mayBeStored reports whether GitLab may have stored settings in spite of an error.
func mayBeStored(err error) bool {
	var failed *errortracking.Error
	return errors.As(err, &failed) && failed.Sent
}

func (f foundSettings) save(ctx context.Context, private privateState) diag.Diagnostics {
	value, err := json.Marshal(f)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic(internalError, sentence(err.Error()))}
	}
	return private.SetKey(ctx, foundKey, value)
}

// loadFound returns what save wrote, and whether it wrote anything.
func loadFound(ctx context.Context, private privateState) (found foundSettings, remembered bool) {
	value, _ := private.GetKey(ctx, foundKey)
	remembered = json.Unmarshal(value, &found) == nil
	return found, remembered
}
