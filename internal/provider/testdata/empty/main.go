// Empty is the provider that the benchmarks compare with: the attributes of the real one's resources and no GitLab. What
// it takes is what the engine, the protocol and the framework take.
package main

import (
	"context"
	"fmt"
	"log"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return empty{} },
		providerserver.ServeOpts{Address: "registry.terraform.io/errortracking/gitlab"})
	if err != nil {
		log.Fatal(err)
	}
}

type empty struct{}

func (empty) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "gitlab"
}

func (empty) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerschema.Schema{
		Attributes: map[string]providerschema.Attribute{
			"token":            providerschema.StringAttribute{Optional: true, Sensitive: true},
			"base_url":         providerschema.StringAttribute{Optional: true},
			"cacert_file":      providerschema.StringAttribute{Optional: true},
			"insecure":         providerschema.BoolAttribute{Optional: true},
			"client_cert":      providerschema.StringAttribute{Optional: true},
			"client_key":       providerschema.StringAttribute{Optional: true},
			"headers":          providerschema.MapAttribute{ElementType: types.StringType, Optional: true, Sensitive: true},
			"retries":          providerschema.Int64Attribute{Optional: true},
			"early_auth_check": providerschema.BoolAttribute{Optional: true},
		},
	}
}

func (empty) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (empty) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return settings{} },
		func() resource.Resource { return clientKey{} },
	}
}

func (empty) DataSources(context.Context) []func() datasource.DataSource { return nil }

var (
	fixedString = []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	fixedInt64  = []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}
	fixedBool   = []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()}
)

// stored is a resource that exists in the state alone.
type stored struct{}

func (stored) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}

func (stored) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// project is the number of every project.
const project = 1

type settings struct{ stored }

type settingsModel struct {
	ID                types.String `tfsdk:"id"`
	Project           types.String `tfsdk:"project"`
	ProjectID         types.Int64  `tfsdk:"project_id"`
	Active            types.Bool   `tfsdk:"active"`
	Integrated        types.Bool   `tfsdk:"integrated"`
	OnDestroy         types.String `tfsdk:"on_destroy"`
	ProjectName       types.String `tfsdk:"project_name"`
	SentryExternalURL types.String `tfsdk:"sentry_external_url"`
	APIURL            types.String `tfsdk:"api_url"`
}

type settingsIdentity struct {
	ProjectID types.Int64 `tfsdk:"project_id"`
}

func (settings) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "gitlab_error_tracking_settings"
}

func (settings) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"id":                  schema.StringAttribute{Computed: true, PlanModifiers: fixedString},
			"project":             schema.StringAttribute{Required: true},
			"project_id":          schema.Int64Attribute{Computed: true, PlanModifiers: fixedInt64},
			"active":              schema.BoolAttribute{Required: true},
			"integrated":          schema.BoolAttribute{Optional: true, Computed: true, PlanModifiers: fixedBool},
			"on_destroy":          schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("deactivate")},
			"project_name":        schema.StringAttribute{Computed: true, PlanModifiers: fixedString},
			"sentry_external_url": schema.StringAttribute{Computed: true, PlanModifiers: fixedString},
			"api_url":             schema.StringAttribute{Computed: true, PlanModifiers: fixedString},
		},
	}
}

func (settings) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"project_id": identityschema.Int64Attribute{RequiredForImport: true},
		},
	}
}

func (settings) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var model settingsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	model.ID = types.StringValue(fmt.Sprint(project))
	model.ProjectID = types.Int64Value(project)
	model.Integrated = types.BoolValue(true)
	model.ProjectName, model.SentryExternalURL, model.APIURL = types.StringNull(), types.StringNull(), types.StringNull()
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, settingsIdentity{model.ProjectID})...)
}

// Read gives the identity, which an engine that keeps none asks for each time.
func (settings) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var model settingsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, settingsIdentity{model.ProjectID})...)
}

type clientKey struct{ stored }

type clientKeyModel struct {
	ID        types.String `tfsdk:"id"`
	Project   types.String `tfsdk:"project"`
	ProjectID types.Int64  `tfsdk:"project_id"`
	Keepers   types.Map    `tfsdk:"keepers"`
	KeyID     types.Int64  `tfsdk:"key_id"`
	Active    types.Bool   `tfsdk:"active"`
	PublicKey types.String `tfsdk:"public_key"`
	SentryDSN types.String `tfsdk:"sentry_dsn"`
}

type clientKeyIdentity struct {
	ProjectID types.Int64 `tfsdk:"project_id"`
	KeyID     types.Int64 `tfsdk:"key_id"`
}

func (clientKey) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "gitlab_error_tracking_client_key"
}

func (clientKey) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"id":         schema.StringAttribute{Computed: true, PlanModifiers: fixedString},
			"project":    schema.StringAttribute{Required: true},
			"project_id": schema.Int64Attribute{Computed: true, PlanModifiers: fixedInt64},
			"keepers":    schema.MapAttribute{ElementType: types.StringType, Optional: true},
			"key_id":     schema.Int64Attribute{Computed: true, PlanModifiers: fixedInt64},
			"active":     schema.BoolAttribute{Computed: true, PlanModifiers: fixedBool},
			"public_key": schema.StringAttribute{Computed: true, Sensitive: true, PlanModifiers: fixedString},
			"sentry_dsn": schema.StringAttribute{Computed: true, Sensitive: true, PlanModifiers: fixedString},
		},
	}
}

func (clientKey) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"project_id": identityschema.Int64Attribute{RequiredForImport: true},
			"key_id":     identityschema.Int64Attribute{RequiredForImport: true},
		},
	}
}

var lastKeyID atomic.Int64

func (clientKey) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var model clientKeyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	id := lastKeyID.Add(1)
	key := fmt.Sprintf("glet_%032x", id)
	model.ID = types.StringValue(fmt.Sprintf("%d:%d", project, id))
	model.ProjectID = types.Int64Value(project)
	model.KeyID = types.Int64Value(id)
	model.Active = types.BoolValue(true)
	model.PublicKey = types.StringValue(key)
	model.SentryDSN = types.StringValue(fmt.Sprintf("https://%s@observe.gitlab.com:443/errortracking/api/v1/projects/%d", key, project))
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, clientKeyIdentity{model.ProjectID, model.KeyID})...)
}

// Read gives the identity, which an engine that keeps none asks for each time.
func (clientKey) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var model clientKeyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, clientKeyIdentity{model.ProjectID, model.KeyID})...)
}
