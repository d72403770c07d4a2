// Package provider is the Terraform side of GitLab's error tracking: each file named for an object holds that object,
// [New] makes the provider that main serves. GitLab itself is reached through package errortracking alone.
package provider

import (
	"context"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Where the provider stands in a registry, and the name that its resources begin with.
const (
	// Hostname is the host of the registry.
	Hostname = "registry.terraform.io"
	// Namespace is the organization that publishes the provider.
	Namespace = "errortracking"
	// TypeName is the provider's own name, and the first word of each resource type.
	TypeName = "gitlab"
	// Address is the provider's source address.
	Address = Hostname + "/" + Namespace + "/" + TypeName
)

var (
	_ provider.ProviderWithFunctions          = (*gitlabProvider)(nil)
	_ provider.ProviderWithListResources      = (*gitlabProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*gitlabProvider)(nil)
	_ provider.ProviderWithActions            = (*gitlabProvider)(nil)
)

type gitlabProvider struct {
	version string
	// options is what tests change about the client; the provider block fills in the rest.
	options errortracking.Options
}

// New returns what makes the provider. The version is the provider's own; GitLab sees it in the User-Agent.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &gitlabProvider{version: version} }
}

// Metadata implements provider.Provider.
func (p *gitlabProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = TypeName
	resp.Version = p.version
}

// Schema implements provider.Provider.
func (p *gitlabProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages the error tracking of GitLab projects: its settings and the client keys that Sentry SDKs send errors with.",
		Attributes: map[string]schema.Attribute{
			"token": schema.StringAttribute{
				MarkdownDescription: "A personal, project, group or OAuth access token with the scope `api` (`read_api` suffices for data sources). Its user needs the Maintainer role in the projects. Environment: `GITLAB_TOKEN`.",
				Optional:            true,
				Sensitive:           true,
			},
			"base_url": schema.StringAttribute{
				MarkdownDescription: "The address of GitLab, with or without `/api/v4`; a relative root such as `https://example.com/gitlab` works. Default: `" + errortracking.DefaultBaseURL + "`. Environment: `GITLAB_BASE_URL`.",
				Optional:            true,
			},
			"cacert_file": schema.StringAttribute{
				MarkdownDescription: "A PEM file of certificate authorities to trust beside those of the system.",
				Optional:            true,
			},
			"insecure": schema.BoolAttribute{
				MarkdownDescription: "Do not check GitLab's certificate. Default: `false`.",
				Optional:            true,
			},
			"client_cert": schema.StringAttribute{
				MarkdownDescription: "A PEM file with the certificate to show to a GitLab, or a proxy before it, that asks for one. Goes with `client_key`.",
				Optional:            true,
			},
			"client_key": schema.StringAttribute{
				MarkdownDescription: "A PEM file with the private key of `client_cert`.",
				Optional:            true,
			},
			"headers": schema.MapAttribute{
				MarkdownDescription: "Headers to send with every request, for a proxy before GitLab for instance.",
				ElementType:         types.StringType,
				Optional:            true,
				Sensitive:           true,
			},
			"retries": schema.Int64Attribute{
				MarkdownDescription: "How often a request is repeated that GitLab did not answer, or answered with 429 or a passing failure. The creation of a client key is repeated only when it cannot have reached GitLab. Default: `5`.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(0, 100)},
			},
			"early_auth_check": schema.BoolAttribute{
				MarkdownDescription: "Ask GitLab who the token belongs to before anything else, so that a wrong token or address is told once. Default: `false`. Environment: `GITLAB_EARLY_AUTH_CHECK`.",
				Optional:            true,
			},
		},
	}
}

// Resources implements provider.Provider.
func (p *gitlabProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newSettingsResource, newClientKeyResource}
}

// DataSources implements provider.Provider.
func (p *gitlabProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newSettingsDataSource, newClientKeyDataSource, newClientKeysDataSource, newProjectsDataSource}
}

// EphemeralResources implements provider.ProviderWithEphemeralResources.
func (p *gitlabProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{newClientKeyEphemeral}
}

// Actions implements provider.ProviderWithActions.
func (p *gitlabProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{newSendTestEventAction}
}

// ListResources implements provider.ProviderWithListResources.
func (p *gitlabProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{newSettingsList, newClientKeyList}
}

// Functions implements provider.ProviderWithFunctions.
func (p *gitlabProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newParseDSNFunction}
}
