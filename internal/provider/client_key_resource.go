package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
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

// Metadata implements resource.Resource.
func (r *clientKeyResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + clientKeyType
}

// Schema implements resource.Resource.
func (r *clientKeyResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	fixedString := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	fixedInt64 := []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A client key of a project, with whose DSN applications send their errors to GitLab. Deleting a key silences the applications that use it.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				MarkdownDescription: describeClientKeyID,
				Computed:            true,
				PlanModifiers:       fixedString,
			},
			"project": schema.StringAttribute{
				MarkdownDescription: describeProject + " Another spelling of the same project is an update in place that leaves the key alone, another project a replacement.",
				Required:            true,
				Validators:          []validator.String{projectValidator{}},
			},
			"project_id": schema.Int64Attribute{
				MarkdownDescription: describeProjectID,
				Computed:            true,
				PlanModifiers:       fixedInt64,
			},
			"keepers": schema.MapAttribute{
				MarkdownDescription: "Values of your choice; another value makes another key. With `create_before_destroy` the old key works until the new one is there. After an import the first values are taken over without a new key.",
				ElementType:         types.StringType,
				Optional:            true,
				PlanModifiers: []planmodifier.Map{mapplanmodifier.RequiresReplaceIf(
					replaceForKeepers, "Another value makes another key.", "Another value makes another key.")},
			},
			"key_id": schema.Int64Attribute{
				MarkdownDescription: describeKeyID,
				Computed:            true,
				PlanModifiers:       fixedInt64,
			},
			"active": schema.BoolAttribute{
				MarkdownDescription: describeKeyActive,
				Computed:            true,
				PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
			},
			"public_key": schema.StringAttribute{
				MarkdownDescription: describePublicKey,
				Computed:            true,
				Sensitive:           true,
				PlanModifiers:       fixedString,
			},
			"sentry_dsn": schema.StringAttribute{
				MarkdownDescription: describeSentryDSN,
				Computed:            true,
				Sensitive:           true,
				PlanModifiers:       fixedString,
			},
		},
	}
}

// replaceForKeepers plans another key for another value of keepers, but not for the first one after an import.
func replaceForKeepers(ctx context.Context, req planmodifier.MapRequest, resp *mapplanmodifier.RequiresReplaceIfFuncResponse) {
	noneBeforeOrAfter := len(req.StateValue.Elements()) == 0 && !req.PlanValue.IsUnknown() && len(req.PlanValue.Elements()) == 0
	firstAfterImport := req.StateValue.IsNull() && isImported(ctx, req.Private)
	resp.RequiresReplace = !noneBeforeOrAfter && !firstAfterImport
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (r *clientKeyResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"project_id": identityschema.Int64Attribute{Description: describeProjectID, RequiredForImport: true},
			"key_id":     identityschema.Int64Attribute{Description: describeKeyID, RequiredForImport: true},
		},
	}
}

// ModifyPlan implements resource.ResourceWithModifyPlan.
func (r *clientKeyResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	r.planProject(ctx, req, resp)
}

// Create implements resource.Resource.
func (r *clientKeyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var model clientKeyResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() || !r.configured(&resp.Diagnostics) {
		return
	}
	projectID, ok := resolve(ctx, r.client, model.Project.ValueString(), &resp.Diagnostics)
	if !ok {
		return
	}
	key, err := r.client.AddClientKey(ctx, projectID.ValueInt64())
	if err != nil {
		resp.Diagnostics.AddError("Cannot create a client key in project "+model.Project.ValueString(), explain(err))
		return
	}
	if key.LostAnswer != nil {
		resp.Diagnostics.AddWarning(fmt.Sprintf("Client key %d of project %s was found after a lost answer", key.ID, model.Project.ValueString()),
			answered(key.LostAnswer)+"\n\nThe key had been made all the same: it is the only one that was not there before. It was taken into the state, and nothing needs to be done.")
	}
	model.setIDs(projectID.ValueInt64(), key.ID)
	model.setKey(key.ClientKey)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
}

// Read implements resource.Resource.
func (r *clientKeyResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var model clientKeyResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	imported := model.PublicKey.IsNull()
	projectID, ok := r.projectNumber(ctx, model.Project, model.ProjectID, &resp.Diagnostics)
	if !ok {
		return
	}
	model.setIDs(projectID.ValueInt64(), model.KeyID.ValueInt64())
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
	if r.client == nil {
		resp.Diagnostics.AddWarning(summaryNotConfigured, detailNotConfigured+" Client key "+model.ID.ValueString()+" is left as it was last seen.")
		return
	}
	keys, err := r.client.ClientKeysWith(ctx, model.ProjectID.ValueInt64(), model.KeyID.ValueInt64())
	switch {
	case errors.Is(err, errortracking.ErrProjectNotFound) && !imported:
		resp.Diagnostics.AddWarning(notVisible(model.Project), explain(err)+keptInState)
		return
	case err != nil:
		resp.Diagnostics.AddError(cannotReadKeys(model.Project), explain(err))
		return
	}
	at := slices.IndexFunc(keys, func(k errortracking.ClientKey) bool { return k.ID == model.KeyID.ValueInt64() })
	switch {
	case at >= 0:
		model.setKey(keys[at])
		resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	case imported:
		resp.Diagnostics.AddError(fmt.Sprintf("No client key %d in project %s", model.KeyID.ValueInt64(), model.Project.ValueString()), existingKeys(keys))
	default:
		resp.State.RemoveResource(ctx)
	}
}

// Update implements resource.Resource. It changes nothing in GitLab: a client key has nothing to change.
func (r *clientKeyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state clientKeyResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
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
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	state.ProjectID = projectID
	resp.Diagnostics.Append(state.identify(ctx, resp.Identity)...)
}

// Delete implements resource.Resource.
func (r *clientKeyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state clientKeyResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || !r.configured(&resp.Diagnostics) {
		return
	}
	projectID, ok := r.projectNumber(ctx, state.Project, state.ProjectID, &resp.Diagnostics)
	if !ok {
		return
	}
	err := r.client.DeleteClientKey(ctx, projectID.ValueInt64(), state.KeyID.ValueInt64())
	switch {
	case err == nil, errors.Is(err, errortracking.ErrClientKeyNotFound):
	case errors.Is(err, errortracking.ErrProjectNotFound):
		resp.Diagnostics.AddWarning(notVisible(state.Project), explain(err)+fmt.Sprintf("\n\nClient key %d is taken as gone with the project and was removed from the state. If the project exists, the key still works: delete it there.", state.KeyID.ValueInt64()))
	default:
		resp.Diagnostics.AddError(fmt.Sprintf("Cannot delete client key %d of project %s", state.KeyID.ValueInt64(), state.Project.ValueString()), explain(err))
	}
}

// ImportState implements resource.ResourceWithImportState.
func (r *clientKeyResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if !r.configured(&resp.Diagnostics) {
		return
	}
	model := clientKeyResourceModel{Keepers: types.MapNull(types.StringType)}
	if req.ID == "" {
		var identity clientKeyIdentity
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
		if resp.Diagnostics.HasError() {
			return
		}
		model.setIDs(identity.ProjectID.ValueInt64(), identity.KeyID.ValueInt64())
		model.Project = types.StringValue(strconv.FormatInt(identity.ProjectID.ValueInt64(), 10))
	} else {
		id, err := parseClientKeyImportID(req.ID)
		if err != nil {
			resp.Diagnostics.AddError("Invalid import ID", capitalized(sentence(err.Error())))
			return
		}
		projectID, keyID, ok := id.find(ctx, r.client, &resp.Diagnostics)
		if !ok {
			return
		}
		model.setIDs(projectID, keyID)
		model.Project = types.StringValue(id.project)
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, importedKey, []byte("true"))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	resp.Diagnostics.Append(model.identify(ctx, resp.Identity)...)
}
