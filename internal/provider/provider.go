// Package provider is the Terraform side of GitLab's error tracking: each file named for an object holds that object,
// [New] makes the provider that main serves. GitLab itself is reached through package errortracking alone.
package provider

import (
	"context"
	"os"

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
	getenv  func(string) string
	// options is what tests change about the client; the provider block fills in the rest.
	options errortracking.Options
}

// New returns what makes the provider. The version is the provider's own; GitLab sees it in the User-Agent.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &gitlabProvider{version: version, getenv: os.Getenv} }
}

func (p *gitlabProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = TypeName
	resp.Version = p.version
}

func (p *gitlabProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages error tracking in GitLab projects: the settings, and the client keys whose DSNs Sentry SDKs use.",
		Attributes: map[string]schema.Attribute{
			"token": schema.StringAttribute{
				MarkdownDescription: "A personal, project, group or OAuth access token with the scope `api` (`read_api` for reading only). Its user needs the Maintainer role in the projects. Environment variable: `GITLAB_TOKEN`.",
				Optional:            true,
				Sensitive:           true,
			},
			"base_url": schema.StringAttribute{
				MarkdownDescription: "The URL of GitLab, with or without `/api/v4`. May include a relative root, such as `https://example.com/gitlab`. Default: `" + errortracking.DefaultBaseURL + "`. Environment variable: `GITLAB_BASE_URL`.",
				Optional:            true,
			},
			"cacert_file": schema.StringAttribute{MarkdownDescription: "Path of a PEM file with additional CA certificates to trust.", Optional: true},
			"insecure": schema.BoolAttribute{
				MarkdownDescription: "Whether to skip the verification of GitLab's certificate. Default: `false`.",
				Optional:            true,
			},
			"client_cert": schema.StringAttribute{
				MarkdownDescription: "Path of a PEM file with a client certificate, for a GitLab or a proxy that requires one. Requires `client_key`.",
				Optional:            true,
			},
			"client_key": schema.StringAttribute{MarkdownDescription: "Path of a PEM file with the private key of `client_cert`.", Optional: true},
			"headers": schema.MapAttribute{
				MarkdownDescription: "Additional headers for every request, for example for a proxy in front of GitLab.",
				ElementType:         types.StringType,
				Optional:            true,
				Sensitive:           true,
			},
			"retries": schema.Int64Attribute{
				MarkdownDescription: "Maximum number of retries after a connection error, HTTP 429 or a temporary server error. Creating a client key is retried only if the request cannot have reached GitLab, or after HTTP 429. Default: `5`.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(0, errortracking.MaxRetries)},
			},
			"early_auth_check": schema.BoolAttribute{
				MarkdownDescription: "Whether to check the token once when the provider starts, so that a bad token or URL is reported once instead of for every resource. Default: `false`. Environment variable: `GITLAB_EARLY_AUTH_CHECK`.",
				Optional:            true,
			},
		},
	}
}

func (p *gitlabProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newSettingsResource, newClientKeyResource}
}

func (p *gitlabProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newSettingsDataSource, newClientKeyDataSource, newClientKeysDataSource, newProjectsDataSource}
}

func (p *gitlabProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{newClientKeyEphemeral}
}

func (p *gitlabProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{newSendTestEventAction}
}

func (p *gitlabProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{newSettingsList, newClientKeyList}
}

func (p *gitlabProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newParseDSNFunction}
}
