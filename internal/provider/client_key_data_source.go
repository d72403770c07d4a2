package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ datasource.DataSourceWithConfigure = (*clientKeyDataSource)(nil)

type clientKeyDataSource struct {
	dataSourceBase
}

func newClientKeyDataSource() datasource.DataSource { return &clientKeyDataSource{} }

// Metadata implements datasource.DataSource.
func (d *clientKeyDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + clientKeyType
}

// Schema implements datasource.DataSource.
func (d *clientKeyDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := clientKeyDataAttributes()
	attributes["project"] = schema.StringAttribute{
		MarkdownDescription: describeProject,
		Required:            true,
		Validators:          []validator.String{projectValidator{}},
	}
	attributes["key_id"] = schema.Int64Attribute{
		MarkdownDescription: describeKeyID + " Give it, or `public_key`, to choose a key.",
		Optional:            true,
		Computed:            true,
		Validators:          []validator.Int64{int64validator.AtLeast(1), int64validator.ConflictsWith(path.MatchRoot("public_key"))},
	}
	attributes["public_key"] = schema.StringAttribute{
		MarkdownDescription: describePublicKey + " Give it, or `key_id`, to choose a key.",
		Optional:            true,
		Computed:            true,
		Sensitive:           true,
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A client key of a project that exists already: the one with the given `key_id` or `public_key`, else the oldest active one, whose DSN GitLab's settings page shows.",
		Attributes:          attributes,
	}
}

// clientKeyDataAttributes are the attributes of a client key as data.
func clientKeyDataAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			MarkdownDescription: describeClientKeyID,
			Computed:            true,
		},
		"project": schema.StringAttribute{
			MarkdownDescription: "The project: as given in `project`, or its full path with `group`.",
			Computed:            true,
		},
		"project_id": schema.Int64Attribute{
			MarkdownDescription: describeProjectID,
			Computed:            true,
		},
		"key_id": schema.Int64Attribute{
			MarkdownDescription: describeKeyID,
			Computed:            true,
		},
		"active": schema.BoolAttribute{
			MarkdownDescription: describeKeyActive,
			Computed:            true,
		},
		"public_key": schema.StringAttribute{
			MarkdownDescription: describePublicKey,
			Computed:            true,
			Sensitive:           true,
		},
		"sentry_dsn": schema.StringAttribute{
			MarkdownDescription: describeSentryDSN,
			Computed:            true,
			Sensitive:           true,
		},
	}
}

// Read implements datasource.DataSource.
func (d *clientKeyDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model clientKeyModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	projectID, keys, ok := d.readClientKeys(ctx, model.Project, &resp.Diagnostics)
	if !ok {
		return
	}
	chosen, wanted := func(k errortracking.ClientKey) bool { return k.Active }, "active client key"
	switch {
	case !model.KeyID.IsNull():
		chosen = func(k errortracking.ClientKey) bool { return k.ID == model.KeyID.ValueInt64() }
		wanted = fmt.Sprintf("client key %d", model.KeyID.ValueInt64())
	case !model.PublicKey.IsNull():
		chosen = func(k errortracking.ClientKey) bool { return k.PublicKey == model.PublicKey.ValueString() }
		wanted = "client key with the given public key"
	}
	at := slices.IndexFunc(keys, chosen)
	if at < 0 {
		resp.Diagnostics.AddError("No "+wanted+" in project "+model.Project.ValueString(), existingKeys(keys))
		return
	}
	model.setIDs(projectID, keys[at].ID)
	model.setKey(keys[at])
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// readClientKeys returns the number of a project and all its client keys, by ascending ID.
func (b *dataSourceBase) readClientKeys(ctx context.Context, project types.String, diags *diag.Diagnostics) (projectID int64, keys []errortracking.ClientKey, ok bool) {
	if !b.configured(diags) {
		return 0, nil, false
	}
	id, ok := resolve(ctx, b.client, project.ValueString(), diags)
	if !ok {
		return 0, nil, false
	}
	keys, err := b.client.ClientKeys(ctx, id.ValueInt64())
	if err != nil {
		diags.AddError(cannotReadKeys(project), explain(err))
	}
	return id.ValueInt64(), keys, err == nil
}
