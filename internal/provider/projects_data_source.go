package provider

import (
	"context"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ datasource.DataSourceWithConfigure = (*projectsDataSource)(nil)

type projectsDataSource struct {
	dataSourceBase
}

type projectsModel struct {
	groupModel
	Projects   []groupProjectModel `tfsdk:"projects"`
	Unreadable []string            `tfsdk:"unreadable"`
}

// groupProjectModel is a project of the group.
type groupProjectModel struct {
	Project   types.String    `tfsdk:"project"`
	ProjectID types.Int64     `tfsdk:"project_id"`
	Settings  *settingsValues `tfsdk:"settings"`
}

func newProjectsDataSource() datasource.DataSource { return &projectsDataSource{} }

func (d *projectsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_error_tracking_projects"
}

func (d *projectsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the projects of a group with their error tracking settings. Use it to audit a group, or to import the settings of its projects.",
		Attributes: map[string]schema.Attribute{
			"group":             schema.StringAttribute{MarkdownDescription: describeGroup, Required: true, Validators: []validator.String{validGroup}},
			"include_subgroups": schema.BoolAttribute{MarkdownDescription: describeIncludeSubgroups, Optional: true},
			"projects": schema.ListNestedAttribute{
				MarkdownDescription: "The projects that the token can read, in the order of `project_id`.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"project":    schema.StringAttribute{MarkdownDescription: "The full path of the project.", Computed: true},
					"project_id": schema.Int64Attribute{MarkdownDescription: describeProjectID, Computed: true},
					"settings": schema.SingleNestedAttribute{
						MarkdownDescription: "The error tracking settings of the project; null if it has none.",
						Computed:            true,
						Attributes:          settingsDataAttributes(),
					},
				}},
			},
			"unreadable": schema.ListAttribute{MarkdownDescription: describeUnreadable, Computed: true, ElementType: types.StringType},
		},
	}
}

func (d *projectsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	readData(ctx, d.providerData, req.Config, &resp.State, &resp.Diagnostics, d.fill)
}

// fill fills in the projects of the group.
func (d *projectsDataSource) fill(ctx context.Context, model *projectsModel, diags *diag.Diagnostics) {
	projects, ok := model.projects(ctx, d.client, diags)
	if !ok {
		return
	}
	model.Projects, model.Unreadable = []groupProjectModel{}, []string{}
	for read := range readEach(ctx, model.groupModel, projects, &model.Unreadable, d.readSettings) {
		if read.err != nil {
			addFailure(diags, unableToReadSettings, "Project "+read.project.Path, read.err)
			return
		}
		model.Projects = append(model.Projects, groupProjectModel{types.StringValue(read.project.Path), types.Int64Value(read.project.ID), read.found})
	}
}

// readSettings returns the settings of a project, and nil where there are none.
func (d *projectsDataSource) readSettings(ctx context.Context, project errortracking.Project) (*settingsValues, error) {
	settings, err := d.client.FindSettings(ctx, project.ID)
	if err != nil || settings == nil {
		return nil, err
	}
	values := &settingsValues{}
	values.setSettings(*settings)
	return values, nil
}
