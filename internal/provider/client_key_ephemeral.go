package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

var _ ephemeral.EphemeralResourceWithConfigure = (*clientKeyEphemeral)(nil)

type clientKeyEphemeral struct{ *providerData }

func newClientKeyEphemeral() ephemeral.EphemeralResource { return &clientKeyEphemeral{} }

func (e *clientKeyEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + clientKeyType
}

func (e *clientKeyEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads an existing client key of a project without storing it in the state or in a plan. " + describeChosenKey,
		Attributes: map[string]schema.Attribute{
			"id":         schema.StringAttribute{MarkdownDescription: describeClientKeyID, Computed: true},
			"project":    schema.StringAttribute{MarkdownDescription: describeProject, Required: true, Validators: []validator.String{validProject}},
			"project_id": schema.Int64Attribute{MarkdownDescription: describeProjectID, Computed: true},
			"key_id": schema.Int64Attribute{
				MarkdownDescription: describeKeyID + chooseByKeyID,
				Optional:            true,
				Computed:            true,
				Validators:          []validator.Int64{int64validator.AtLeast(1), int64validator.ConflictsWith(path.MatchRoot("public_key"))},
			},
			"active":     schema.BoolAttribute{MarkdownDescription: describeKeyActive, Computed: true},
			"public_key": schema.StringAttribute{MarkdownDescription: describePublicKey + chooseByPublicKey, Optional: true, Computed: true, Sensitive: true},
			"sentry_dsn": schema.StringAttribute{MarkdownDescription: describeSentryDSN, Computed: true, Sensitive: true},
		},
	}
}

func (e *clientKeyEphemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	e.providerData = dataFrom(req.ProviderData, &resp.Diagnostics)
}

func (e *clientKeyEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model clientKeyModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() || !e.configured(&resp.Diagnostics) || !model.find(ctx, e.client, &resp.Diagnostics) {
		return
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, &model)...)
}
