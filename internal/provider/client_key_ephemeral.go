package provider

import (
	"context"

	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
)

var _ ephemeral.EphemeralResourceWithConfigure = (*clientKeyEphemeral)(nil)

type clientKeyEphemeral struct{ *providerData }

func newClientKeyEphemeral() ephemeral.EphemeralResource { return &clientKeyEphemeral{} }

func (e *clientKeyEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + clientKeyType
}

func (e *clientKeyEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	attributes := map[string]schema.Attribute{}
	for name, attribute := range chosenClientKeyAttributes() {
		switch a := attribute.(type) {
		case datasourceschema.StringAttribute:
			attributes[name] = schema.StringAttribute(a)
		case datasourceschema.Int64Attribute:
			attributes[name] = schema.Int64Attribute(a)
		case datasourceschema.BoolAttribute:
			attributes[name] = schema.BoolAttribute(a)
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads an existing client key of a project. The key is not stored in the state or in a plan. " + describeChosenKey,
		Attributes:          attributes,
	}
}

func (e *clientKeyEphemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	e.providerData = dataFrom(req.ProviderData, &resp.Diagnostics)
}

func (e *clientKeyEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	readData(ctx, e.providerData, req.Config, &resp.Result, &resp.Diagnostics, e.findClientKey)
}
