package provider

import (
	"context"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework-validators/boolvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ datasource.DataSourceWithConfigure        = (*clientKeysDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*clientKeysDataSource)(nil)
)

type clientKeysDataSource struct {
	dataSourceBase
}

type clientKeysModel struct {
	projectListModel
	Keys       []clientKeyModel `tfsdk:"keys"`
	Unreadable []string         `tfsdk:"unreadable"`
}

func newClientKeysDataSource() datasource.DataSource { return &clientKeysDataSource{} }

func (d *clientKeysDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + clientKeyType + "s"
}

func (d *clientKeysDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the client keys of a project, or of all projects in a group.",
		Attributes: map[string]schema.Attribute{
			"project":           schema.StringAttribute{MarkdownDescription: describeProject + eitherOr, Optional: true, Validators: []validator.String{validProject}},
			"group":             schema.StringAttribute{MarkdownDescription: describeGroup + eitherOr, Optional: true, Validators: []validator.String{validGroup}},
			"include_subgroups": schema.BoolAttribute{MarkdownDescription: describeIncludeSubgroups, Optional: true, Validators: []validator.Bool{boolvalidator.AlsoRequires(path.MatchRoot("group"))}},
			"keys": schema.ListNestedAttribute{
				MarkdownDescription: "The client keys, in the order of `project_id` and `key_id`.",
				Computed:            true,
				NestedObject:        schema.NestedAttributeObject{Attributes: clientKeyDataAttributes()},
			},
			"unreadable": schema.ListAttribute{
				MarkdownDescription: describeUnreadable + " Empty with `project`.",
				Computed:            true,
				ElementType:         types.StringType,
			},
		},
	}
}

func (d *clientKeysDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.ExactlyOneOf(path.MatchRoot("project"), path.MatchRoot("group"))}
}

func (d *clientKeysDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	readData(ctx, d.providerData, req.Config, &resp.State, &resp.Diagnostics, d.fill)
}

// fill fills in the client keys of the project or group.
func (d *clientKeysDataSource) fill(ctx context.Context, model *clientKeysModel, diags *diag.Diagnostics) {
	projects, ok := model.projects(ctx, d.client, d.client.ResolveProject, diags)
	if !ok {
		return
	}
	model.Keys, model.Unreadable = []clientKeyModel{}, []string{}
	for read := range readEach(ctx, model.groupModel, projects, &model.Unreadable, d.readKeys) {
		if read.err != nil {
			addFailure(diags, unableToReadClientKeys, "Project "+read.project.Path, read.err)
			return
		}
		for _, k := range read.found {
			key := clientKeyModel{Project: types.StringValue(read.project.Path)}
			key.setKey(read.project.ID, k)
			model.Keys = append(model.Keys, key)
		}
	}
}

// readKeys returns the client keys of a project of the group.
func (d *clientKeysDataSource) readKeys(ctx context.Context, project errortracking.Project) ([]errortracking.ClientKey, error) {
	return d.client.ClientKeys(ctx, project.ID)
}
