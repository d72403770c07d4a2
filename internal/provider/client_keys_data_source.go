package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ datasource.DataSourceWithConfigure = (*clientKeysDataSource)(nil)

type clientKeysDataSource struct {
	dataSourceBase
}

type clientKeysModel struct {
	Project   types.String     `tfsdk:"project"`
	ProjectID types.Int64      `tfsdk:"project_id"`
	Active    types.Bool       `tfsdk:"active"`
	Keys      []clientKeyModel `tfsdk:"keys"`
}

func newClientKeysDataSource() datasource.DataSource { return &clientKeysDataSource{} }

// Metadata implements datasource.DataSource.
func (d *clientKeysDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + clientKeyType + "s"
}

// Schema implements datasource.DataSource.
func (d *clientKeysDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "All client keys of a project.",
		Attributes: map[string]schema.Attribute{
			"project": schema.StringAttribute{
				MarkdownDescription: describeProject,
				Required:            true,
				Validators:          []validator.String{projectValidator{}},
			},
			"project_id": schema.Int64Attribute{
				MarkdownDescription: describeProjectID,
				Computed:            true,
			},
			"active": schema.BoolAttribute{
				MarkdownDescription: "Take only the keys that are active (`true`) or inactive (`false`). Unset: all.",
				Optional:            true,
			},
			"keys": schema.ListNestedAttribute{
				MarkdownDescription: "The client keys, by ascending `key_id`.",
				Computed:            true,
				NestedObject:        schema.NestedAttributeObject{Attributes: clientKeyDataAttributes()},
			},
		},
	}
}

// Read implements datasource.DataSource.
func (d *clientKeysDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model clientKeysModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	projectID, keys, ok := d.readClientKeys(ctx, model.Project, &resp.Diagnostics)
	if !ok {
		return
	}
	model.ProjectID = types.Int64Value(projectID)
	model.Keys = []clientKeyModel{}
	for _, k := range keys {
		if !model.Active.IsNull() && k.Active != model.Active.ValueBool() {
			continue
		}
		key := clientKeyModel{Project: model.Project}
		key.setIDs(projectID, k.ID)
		key.setKey(k)
		model.Keys = append(model.Keys, key)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}
