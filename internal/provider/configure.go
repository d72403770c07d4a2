package provider

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// logSubsystem is the name under which requests to GitLab stand in Terraform's log.
const logSubsystem = "errortracking"

// providerModel is the provider block.
type providerModel struct {
	Token          types.String `tfsdk:"token"`
	BaseURL        types.String `tfsdk:"base_url"`
	CACertFile     types.String `tfsdk:"cacert_file"`
	Insecure       types.Bool   `tfsdk:"insecure"`
	ClientCert     types.String `tfsdk:"client_cert"`
	ClientKey      types.String `tfsdk:"client_key"`
	Headers        types.Map    `tfsdk:"headers"`
	Retries        types.Int64  `tfsdk:"retries"`
	EarlyAuthCheck types.Bool   `tfsdk:"early_auth_check"`
}

// Configure defers all objects, or leaves them without a client where the engine cannot defer, while an argument is
// unknown because the GitLab is created in the same run.
func (p *gitlabProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	if !req.Config.Raw.IsFullyKnown() {
		if req.ClientCapabilities.DeferralAllowed {
			resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
		}
		return
	}
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	data := newProviderData(p.newClient(ctx, model, &resp.Diagnostics), p.noToken())
	resp.ResourceData, resp.DataSourceData, resp.ListResourceData, resp.EphemeralResourceData = data, data, data, data
}

// newClient makes the client of a provider block and its environment, and checks the token if that is wanted. Without a token
// there is no client and no error unless it is to be checked: OpenTofu configures providers for functions alone, too.
func (p *gitlabProvider) newClient(ctx context.Context, model providerModel, diags *diag.Diagnostics) *errortracking.Client {
	options := p.options
	options.Token = cmp.Or(model.Token.ValueString(), p.getenv("GITLAB_TOKEN"))
	options.BaseURL = cmp.Or(model.BaseURL.ValueString(), p.getenv("GITLAB_BASE_URL"))
	options.CACertFile = model.CACertFile.ValueString()
	options.Insecure = model.Insecure.ValueBool()
	options.ClientCert = model.ClientCert.ValueString()
	options.ClientKey = model.ClientKey.ValueString()
	options.Retries = model.Retries.ValueInt64Pointer()
	options.UserAgent = "terraform-provider-" + TypeName + "/" + p.version + " (" + Namespace + ")"
	headers := map[string]types.String{}
	diags.Append(model.Headers.ElementsAs(ctx, &headers, false)...)
	options.Headers = map[string]string{}
	for name, value := range headers {
		if !value.IsNull() {
			options.Headers[name] = value.ValueString()
		}
	}
	options.Log = logAttempt

	check := model.EarlyAuthCheck.ValueBool()
	if env := p.getenv("GITLAB_EARLY_AUTH_CHECK"); env != "" && model.EarlyAuthCheck.IsNull() {
		var err error
		if check, err = strconv.ParseBool(env); err != nil {
			diags.AddError(invalidEnvironment, "GITLAB_EARLY_AUTH_CHECK is "+strconv.Quote(env)+". Set it to true or false.")
		}
	}
	if options.Token == "" && check {
		diags.AddAttributeError(path.Root("token"), missingToken, p.noToken())
	}
	if diags.HasError() || options.Token == "" {
		return nil
	}
	client, err := errortracking.New(options)
	var wrong *errortracking.OptionError
	switch {
	case errors.As(err, &wrong):
		title, holder := invalidArgument, "The argument "+wrong.Option
		if argument, ok := map[string]types.String{"token": model.Token, "base_url": model.BaseURL}[wrong.Option]; ok && argument.ValueString() == "" {
			title, holder = invalidEnvironment, "The environment variable GITLAB_"+strings.ToUpper(wrong.Option)
		}
		// Terraform quotes the source line of an attribute's error, and with it the secret that may be wrong.
		diags.AddError(title, holder+" cannot be used: "+wrong.Problem+".")
	case err != nil:
		diags.AddError(internalError, sentence(err.Error()))
	case check:
		if err := client.CheckToken(ctx); err != nil {
			diags.AddError(titleOf(err, unableToSignIn), explain(err))
		}
	}
	return client
}

// logAttempt writes an attempt at a request to Terraform's log, at the level DEBUG.
func logAttempt(ctx context.Context, fields map[string]any) {
	tflog.SubsystemDebug(tflog.NewSubsystem(ctx, logSubsystem), logSubsystem, "Request to GitLab", fields)
}

// noToken says what to do without a token, and why what the environment has in its place does not help.
func (p *gitlabProvider) noToken() string {
	text := "The provider needs an access token with the scope api.\n\nSet the environment variable GITLAB_TOKEN, or the argument token of the provider block."
	for _, unused := range [][2]string{
		{"CI_JOB_TOKEN", "GitLab does not accept job tokens for error tracking"},
		{"GITLAB_CONFIG_FILE", "this provider reads no configuration file"},
		{"GITLAB_CONTEXT", "this provider reads no configuration file"},
	} {
		if p.getenv(unused[0]) != "" {
			text += " " + unused[0] + " is set, but " + unused[1] + "."
		}
	}
	return text
}
