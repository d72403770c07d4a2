package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

var _ datasource.DataSourceWithConfigure = (*clientKeyDataSource)(nil)

type clientKeyDataSource struct {
	dataSourceBase
}

func newClientKeyDataSource() datasource.DataSource { return &clientKeyDataSource{} }

func (d *clientKeyDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + clientKeyType
}

func (d *clientKeyDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads an existing client key of a project. " + describeChosenKey,
		Attributes:          chosenClientKeyAttributes(),
	}
}

// chosenClientKeyAttributes are the arguments that choose a client key, and what is read of it.
func chosenClientKeyAttributes() map[string]schema.Attribute {
	attributes := clientKeyDataAttributes()
	attributes["project"] = schema.StringAttribute{MarkdownDescription: describeProject, Required: true, Validators: []validator.String{validProject}}
	attributes["key_id"] = schema.Int64Attribute{
		MarkdownDescription: describeKeyID + " Conflicts with `public_key`.",
		Optional:            true,
		Computed:            true,
		Validators:          []validator.Int64{int64validator.AtLeast(1), int64validator.ConflictsWith(path.MatchRoot("public_key"))},
	}
	attributes["public_key"] = schema.StringAttribute{MarkdownDescription: describePublicKey + " Conflicts with `key_id`.", Optional: true, Computed: true, Sensitive: true}
	return attributes
}

// clientKeyDataAttributes are the attributes of a client key as data.
func clientKeyDataAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":         schema.StringAttribute{MarkdownDescription: describeClientKeyID, Computed: true},
		"project":    schema.StringAttribute{MarkdownDescription: "The full path of the project, or its ID if you set the argument `project` to an ID.", Computed: true},
		"project_id": schema.Int64Attribute{MarkdownDescription: describeProjectID, Computed: true},
		"key_id":     schema.Int64Attribute{MarkdownDescription: describeKeyID, Computed: true},
		"active":     schema.BoolAttribute{MarkdownDescription: describeKeyActive, Computed: true},
		"public_key": schema.StringAttribute{MarkdownDescription: describePublicKey, Computed: true, Sensitive: true},
		"sentry_dsn": schema.StringAttribute{MarkdownDescription: describeSentryDSN, Computed: true, Sensitive: true},
	}
}

func (d *clientKeyDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	readData(ctx, d.providerData, req.Config, &resp.State, &resp.Diagnostics, d.findClientKey)
}
