package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

var _ datasource.DataSourceWithConfigure = (*settingsDataSource)(nil)

type settingsDataSource struct {
	dataSourceBase
}

func newSettingsDataSource() datasource.DataSource { return &settingsDataSource{} }

func (d *settingsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + settingsType
}

func (d *settingsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := settingsDataAttributes()
	attributes["id"] = schema.StringAttribute{MarkdownDescription: describeSettingsID, Computed: true}
	attributes["project"] = schema.StringAttribute{MarkdownDescription: describeProject, Required: true, Validators: []validator.String{validProject}}
	attributes["project_id"] = schema.Int64Attribute{MarkdownDescription: describeProjectID, Computed: true}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the error tracking settings of a project.",
		Attributes:          attributes,
	}
}

// settingsDataAttributes are the attributes of the settings themselves as data.
func settingsDataAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"active":              schema.BoolAttribute{MarkdownDescription: describeActive, Computed: true},
		"integrated":          schema.BoolAttribute{MarkdownDescription: describeIntegrated, Computed: true},
		"project_name":        schema.StringAttribute{MarkdownDescription: describeProjectName, Computed: true},
		"sentry_external_url": schema.StringAttribute{MarkdownDescription: describeSentryExternalURL, Computed: true},
		"api_url":             schema.StringAttribute{MarkdownDescription: describeAPIURL, Computed: true},
	}
}

func (d *settingsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	readData(ctx, d.providerData, req.Config, &resp.State, &resp.Diagnostics, d.fill)
}

// fill fills in the settings of the project.
func (d *settingsDataSource) fill(ctx context.Context, model *settingsModel, diags *diag.Diagnostics) {
	projectID, ok := resolve(ctx, d.client, model.Project, diags)
	if !ok {
		return
	}
	settings, err := d.client.Settings(ctx, projectID.ValueInt64())
	if err != nil {
		addFailure(diags, unableToReadSettings, named(model.Project), err)
		return
	}
	model.setProject(projectID)
	model.setSettings(settings)
}
