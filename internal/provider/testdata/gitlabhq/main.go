// Gitlabhq stands in for the provider gitlabhq/gitlab where the guides use it alongside this one. It has the one resource
// that they need, and keeps it in the state alone.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	err := providerserver.Serve(context.Background(), func() provider.Provider { return gitlabhq{} },
		providerserver.ServeOpts{Address: "registry.terraform.io/gitlabhq/gitlab"})
	if err != nil {
		log.Fatal(err)
	}
}

type gitlabhq struct{}

func (gitlabhq) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "gitlab"
}

func (gitlabhq) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerschema.Schema{
		Attributes: map[string]providerschema.Attribute{
			"token":       providerschema.StringAttribute{Optional: true, Sensitive: true},
			"base_url":    providerschema.StringAttribute{Optional: true},
			"cacert_file": providerschema.StringAttribute{Optional: true},
		},
	}
}

func (gitlabhq) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (gitlabhq) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return variable{} }}
}

func (gitlabhq) DataSources(context.Context) []func() datasource.DataSource { return nil }

// variable is a CI/CD variable of a project.
type variable struct{}

type variableModel struct {
	ID      types.String `tfsdk:"id"`
	Project types.String `tfsdk:"project"`
	Key     types.String `tfsdk:"key"`
	Value   types.String `tfsdk:"value"`
}

func (variable) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "gitlab_project_variable"
}

func (variable) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Attributes: map[string]schema.Attribute{
			"id":      schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
			"project": schema.StringAttribute{Required: true},
			"key":     schema.StringAttribute{Required: true},
			"value":   schema.StringAttribute{Required: true},
		},
	}
}

func (variable) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var model variableModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	model.ID = types.StringValue(model.Project.ValueString() + ":" + model.Key.ValueString() + ":*")
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

func (variable) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (variable) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var model variableModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

func (variable) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
