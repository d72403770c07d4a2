package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ resource.ResourceWithConfigure   = (*clientKeyResource)(nil)
	_ resource.ResourceWithIdentity    = (*clientKeyResource)(nil)
	_ resource.ResourceWithImportState = (*clientKeyResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*clientKeyResource)(nil)
	_ resource.ResourceWithMoveState   = (*clientKeyResource)(nil)
)

type clientKeyResource struct {
	resourceBase
}

type clientKeyResourceModel struct {
	clientKeyModel
	Keepers types.Map `tfsdk:"keepers"`
}

func newClientKeyResource() resource.Resource { return &clientKeyResource{} }

func (r *clientKeyResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + clientKeyType
}

func (r *clientKeyResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	fixedString := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages a client key. Applications use its DSN to send events to GitLab. GitLab rejects their events once the key is deleted.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{MarkdownDescription: describeClientKeyID, Computed: true},
			"project": schema.StringAttribute{
				MarkdownDescription: describeProject + " Switching between ID and path changes nothing; pointing at a different project forces a new key.",
				Required:            true,
				Validators:          []validator.String{validProject},
			},
			"project_id": schema.Int64Attribute{MarkdownDescription: describeProjectID, Computed: true},
			"keepers": schema.MapAttribute{
				MarkdownDescription: "Arbitrary values. Changing them replaces the client key. Adding `keepers` to a client key that has none, or removing them all, is only recorded. With `create_before_destroy`, the old key is deleted after the new one exists.",
				ElementType:         types.StringType,
				Optional:            true,
			},
			"key_id": schema.Int64Attribute{MarkdownDescription: describeKeyID, Computed: true},
			"active": schema.BoolAttribute{
				MarkdownDescription: describeKeyActive,
				Computed:            true,
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
			},
			"public_key": schema.StringAttribute{MarkdownDescription: describePublicKey, Computed: true, Sensitive: true, PlanModifiers: fixedString},
			"sentry_dsn": schema.StringAttribute{MarkdownDescription: describeSentryDSN, Computed: true, Sensitive: true, PlanModifiers: fixedString},
		},
	}
}

func (r *clientKeyResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"project_id": identityschema.Int64Attribute{Description: describeProjectID, RequiredForImport: true},
		"key_id":     identityschema.Int64Attribute{Description: describeKeyID, RequiredForImport: true},
	}}
}

func (r *clientKeyResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	defer r.warnOfRateLimit(&resp.Diagnostics)
	var state clientKeyResourceModel
	exists := !req.State.Raw.IsNull()
	if exists {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if !state.numbersFromID(&resp.Diagnostics) {
			return
		}
		state.ID = cmp.Or(state.ID, types.StringValue(state.KeyID.String())) // what warnings call the key
		r.conflicts.noteKey(state.clientKeyModel, &resp.Diagnostics)
	}
	if req.Plan.Raw.IsNull() {
		r.planForgotten(ctx, state.ProjectID, state.Project, "client key "+state.ID.ValueString(), &resp.Diagnostics)
		return
	}
	if _, ok := r.planProject(ctx, state.Project, state.ProjectID, state.idIn, req, resp); !ok || !exists {
		return
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("key_id"), state.KeyID)...)
	r.planKeepers(ctx, state, resp)
}

// planKeepers plans another key where non-empty keepers become others. The first keepers, and the removal of all, are
// recorded: a person who prepares a rotation does not expect one.
func (r *clientKeyResource) planKeepers(ctx context.Context, state clientKeyResourceModel, resp *resource.ModifyPlanResponse) {
	attribute := path.Root("keepers")
	var keepers types.Map
	resp.Diagnostics.Append(resp.Plan.GetAttribute(ctx, attribute, &keepers)...)
	value, err := keepers.ToTerraformValue(ctx)
	unknown := err == nil && !value.IsFullyKnown()
	before, after := len(state.Keepers.Elements()) > 0, unknown || len(keepers.Elements()) > 0
	switch {
	case keepers.Equal(state.Keepers), !before && !after, len(resp.RequiresReplace) > 0:
	case !before || !after:
		resp.Diagnostics.AddAttributeWarning(attribute, clientKeyNotReplaced, "The first keepers of client key "+state.ID.ValueString()+
			", or their removal, are recorded without replacing the key.\n\nTo replace the key now, run terraform apply -replace with the address of this resource.")
	case unknown:
		resp.Diagnostics.AddAttributeWarning(attribute, clientKeyWillBeReplaced, "The keepers of client key "+state.ID.ValueString()+
			" contain a value that is known only after apply, so the key will be replaced. Applications need the DSN of the new key.\n\nTo keep the key, use values that are known during the plan.")
		fallthrough
	default:
		resp.RequiresReplace = append(resp.RequiresReplace, attribute)
	}
}

func (r *clientKeyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer r.warnOfRateLimit(&resp.Diagnostics)
	var model clientKeyResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() || !r.configured(&resp.Diagnostics) {
		return
	}
	projectID, ok := resolve(ctx, r.client, model.Project, &resp.Diagnostics)
	if !ok {
		return
	}
	key, err := r.client.AddClientKey(ctx, projectID.ValueInt64())
	if err != nil {
		addFailure(&resp.Diagnostics, unableToCreateClientKey, named(model.Project), err)
		return
	}
	if key.RecoveredFrom != nil {
		resp.Diagnostics.AddWarning(clientKeyRecovered, inProject(model.Project, answered(key.RecoveredFrom))+fmt.Sprintf("\n\nClient key %d is the only new key of the project, so it was saved in the state. If somebody else may have created a key there after %s, check that it is not theirs.", key.ID, key.Since.UTC().Format("15:04:05 MST")))
	}
	model.setKey(projectID.ValueInt64(), key.ClientKey)
	r.visibility.record(projectID.ValueInt64(), model.Project, nil, false)
	r.warnOfKey(model, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
}

func (r *clientKeyResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	defer r.warnOfRateLimit(&resp.Diagnostics)
	var model clientKeyResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	imported := model.PublicKey.IsNull()
	if !r.identified(ctx, &model, &resp.Diagnostics) {
		return
	}
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
	if r.client == nil {
		resp.Diagnostics.AddWarning(providerNotConfigured, detailNotConfigured+" Client key "+model.ID.ValueString()+" stays in the state as it was last read.")
		return
	}
	key, err := r.client.ClientKey(ctx, model.ProjectID.ValueInt64(), model.KeyID.ValueInt64())
	r.visibility.record(model.ProjectID.ValueInt64(), model.Project, err, true)
	warning, hidden := outOfReach(err)
	var failed *errortracking.Error
	switch {
	case err == nil:
		model.setKey(model.ProjectID.ValueInt64(), key)
		r.warnOfKey(model, &resp.Diagnostics)
		resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	case hidden && !imported:
		resp.Diagnostics.AddWarning(warning, inProject(model.Project, cause(err))+keptInState)
	case errors.Is(err, errortracking.ErrClientKeyNotFound) && !imported:
		resp.State.RemoveResource(ctx)
	case errors.Is(err, errortracking.ErrClientKeyNotFound) && errors.As(err, &failed):
		resp.Diagnostics.AddError(clientKeyNotFound, noKey(fmt.Sprintf("client key %d", model.KeyID.ValueInt64()), model.Project, failed.Keys)+" "+nothingToImport)
	default:
		addFailure(&resp.Diagnostics, unableToReadClientKeys, named(model.Project), err)
	}
}

// Update changes nothing in GitLab: a client key has nothing to change.
func (r *clientKeyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan clientKeyResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() || !r.configured(&resp.Diagnostics) || !r.identified(ctx, &plan, &resp.Diagnostics) {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(plan.identify(ctx, resp.Identity)...)
}

func (r *clientKeyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	defer r.warnOfRateLimit(&resp.Diagnostics)
	var state clientKeyResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || !r.configured(&resp.Diagnostics) || !r.identified(ctx, &state, &resp.Diagnostics) {
		return
	}
	err := r.client.DeleteClientKey(ctx, state.ProjectID.ValueInt64(), state.KeyID.ValueInt64())
	warning, hidden := outOfReach(err)
	switch {
	case err == nil:
	case hidden:
		resp.Diagnostics.AddWarning(warning, inProject(state.Project, cause(err))+
			fmt.Sprintf("\n\nClient key %d was removed from the state. If the key still exists in GitLab, it still works: delete it there.", state.KeyID.ValueInt64()))
	default:
		addFailure(&resp.Diagnostics, unableToDeleteClientKey, named(state.Project), err)
	}
}

func (r *clientKeyResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	defer r.warnOfRateLimit(&resp.Diagnostics)
	importing := importID(ctx, req, &resp.Diagnostics, "project_id", "key_id")
	if resp.Diagnostics.HasError() || !r.configured(&resp.Diagnostics) {
		return
	}
	id, err := parseClientKeyImportID(importing)
	if err != nil {
		shown := strconv.Quote(importing)
		if strings.Contains(shown, "@") { // It may hold a password.
			shown = "This"
		}
		resp.Diagnostics.AddError(invalidImportID, strings.TrimSpace(shown+" is not an import ID of a client key: "+sentence(err.Error())+"\n\n"+meant(importing)))
		return
	}
	project, err := r.importProject(ctx, id.project)
	if err != nil {
		resp.Diagnostics.AddError(titleOf(err, unableToReadProject), strings.TrimSpace("Project "+id.project+": "+explain(err)+"\n\n"+meant(importing)))
		return
	}
	keyID, ok := id.find(ctx, r.client, project.ID, &resp.Diagnostics)
	if !ok {
		return
	}
	model := clientKeyResourceModel{Keepers: types.MapNull(types.StringType)}
	model.setIDs(project.ID, keyID)
	model.Project = types.StringValue(project.Path)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
}

// identified fills in what identifies the key of a state, and reports whether that is known.
func (r *clientKeyResource) identified(ctx context.Context, model *clientKeyResourceModel, diags *diag.Diagnostics) bool {
	if !model.numbersFromID(diags) {
		return false
	}
	projectID, ok := r.projectNumber(ctx, model.Project, model.ProjectID, diags)
	model.setIDs(projectID.ValueInt64(), model.KeyID.ValueInt64())
	return ok
}

// warnOfKey says why events that are sent with a key do not arrive.
func (r *clientKeyResource) warnOfKey(model clientKeyResourceModel, diags *diag.Diagnostics) {
	if !model.Active.ValueBool() {
		diags.AddWarning(clientKeyInactive, inProject(model.Project, "Client key "+model.ID.ValueString()+" is inactive, so GitLab rejects the events of applications that use its DSN. GitLab's API cannot activate it.\n\nTo get a new key, run terraform apply -replace with the address of this resource."))
	}
	if dsn, err := errortracking.ParseDSN(model.SentryDSN.ValueString()); err == nil && dsn.IsUnset() {
		r.localhost.Do(func() {
			diags.AddWarning(dsnOfLocalhost, inProject(model.Project, "GitLab at "+r.client.Host()+" creates DSNs for "+dsn.Collector()+", which applications cannot use, because its instance setting error_tracking_api_url is not set.\n\nAsk a GitLab administrator to set it to the URL of a collector (PUT /api/v4/application/settings). The keys stay the same, and the next refresh reads their new DSNs."))
		})
	}
}
