package provider

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/collector"
	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ action.ActionWithValidateConfig = (*sendTestEventAction)(nil)

// collectorTimeout is how long the action waits for the collector.
const collectorTimeout = 10 * time.Second

// environmentForm is what Sentry's SDKs allow as the name of an environment.
var environmentForm = regexp.MustCompile(`^[^\s/]{1,64}$`)

// collectorAdvice holds the advice on each kind of error of a collector.
var collectorAdvice = map[error]advice{
	collector.ErrKeyRefused:   {cause: "The collector does not know the key, or the key is inactive.", cure: "Use the DSN of an active client key of this project. The data source gitlab_error_tracking_client_keys lists them."},
	collector.ErrUnset:        {cause: "The DSN leads to localhost:8080. GitLab creates such DSNs while its instance setting error_tracking_api_url is not set.", cure: "Ask a GitLab administrator to set it to the URL of a collector (PUT /api/v4/application/settings). Then read the DSN again."},
	collector.ErrUnreachable:  {cause: "The collector cannot be reached from this machine.", cure: "Check the host of the DSN, the network and the proxy variables (HTTPS_PROXY, NO_PROXY). If the host is wrong, ask a GitLab administrator to correct error_tracking_api_url."},
	collector.ErrTLS:          {cause: "The TLS connection to the collector failed. Applications fail in the same way unless they trust the certificate.", cure: "Check the certificate of the collector and the scheme of the DSN. For a private authority, add its certificate to the system's, or set SSL_CERT_FILE: cacert_file is not used here."},
	collector.ErrNotCollector: {cause: "The DSN leads to something other than an error tracking collector, such as a proxy, a sign-in page or another web server.", cure: "Check the host and path of the DSN. If they are wrong, ask a GitLab administrator to correct error_tracking_api_url."},
	collector.ErrFailed:       {cause: "The collector did not accept the event.", cure: "Check the status or the logs of the collector, then run the action again."},
	collector.ErrInterrupted:  {cause: "The run was stopped before the collector responded.", cure: "Run the action again when you are ready."},
}

type sendTestEventAction struct{}

type sendTestEventModel struct {
	DSN         types.String `tfsdk:"dsn"`
	Message     types.String `tfsdk:"message"`
	Environment types.String `tfsdk:"environment"`
}

func newSendTestEventAction() action.Action { return &sendTestEventAction{} }

func (a *sendTestEventAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_error_tracking_send_test_event"
}

func (a *sendTestEventAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Sends one test event to a DSN, as an application does, and fails if the collector (the service that receives events) rejects it. Use it to check that a new key works from the machine that runs Terraform.",
		Attributes: map[string]schema.Attribute{
			"dsn": schema.StringAttribute{
				MarkdownDescription: "The DSN to test. It can be ephemeral. The action never prints the key.",
				Required:            true,
			},
			"message": schema.StringAttribute{
				MarkdownDescription: "The text of the event. Default: `" + collector.DefaultMessage + "`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"environment": schema.StringAttribute{
				MarkdownDescription: "The environment of the event. Default: `" + collector.DefaultEnvironment + "`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.RegexMatches(environmentForm, "must have 1 to 64 characters and no spaces or slashes")},
			},
		},
	}
}

func (a *sendTestEventAction) ValidateConfig(ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse) {
	var model sendTestEventModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if !resp.Diagnostics.HasError() && !model.DSN.IsUnknown() {
		model.parse(&resp.Diagnostics)
	}
}

func (a *sendTestEventAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var model sendTestEventModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	dsn, ok := model.parse(&resp.Diagnostics)
	if !ok {
		return
	}
	host := dsn.Collector()
	resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf("Sending a test event for project %d to %s", dsn.ProjectID, host)})
	ctx, cancel := context.WithTimeout(ctx, collectorTimeout)
	defer cancel()
	event := collector.Event{Message: model.Message.ValueString(), Environment: model.Environment.ValueString()}
	id, status, err := collector.Send(ctx, dsn, event)
	if err != nil {
		detail := fmt.Sprintf("Project %d: ", dsn.ProjectID) + capitalized(sentence(err.Error()))
		if failed, ok := errors.AsType[*collector.Error](err); ok {
			known := collectorAdvice[failed.Kind]
			detail += "\n\n" + known.cause + "\n\n" + known.cure
		}
		resp.Diagnostics.AddError(unableToSendTestEvent, detail)
		return
	}
	resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf("%s accepted event %s: %s", host, id, status)})
}

// parse reads the DSN. Its error names no attribute, because engines quote the line of an attribute, and with it the key.
func (m sendTestEventModel) parse(diags *diag.Diagnostics) (errortracking.DSN, bool) {
	if m.DSN.IsNull() {
		diags.AddError(invalidDSN, "Terraform passed no DSN. It passes an ephemeral DSN to an action that a resource triggers, but not with -invoke.\n\nUse the DSN of a resource or data source.")
		return errortracking.DSN{}, false
	}
	dsn, err := errortracking.ParseDSN(m.DSN.ValueString())
	if err != nil {
		diags.AddError(invalidDSN, capitalized(sentence(err.Error())))
	}
	return dsn, err == nil
}
