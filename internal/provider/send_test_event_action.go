package provider

import (
	"context"
	"fmt"
	"regexp"
	"time"

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

type sendTestEventAction struct{}

type sendTestEventModel struct {
	DSN         types.String `tfsdk:"dsn"`
	Message     types.String `tfsdk:"message"`
	Environment types.String `tfsdk:"environment"`
}

func newSendTestEventAction() action.Action { return &sendTestEventAction{} }

// Metadata implements action.Action.
func (a *sendTestEventAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_error_tracking_send_test_event"
}

// Schema implements action.Action.
func (a *sendTestEventAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Sends one test event to a DSN, as an application does, and fails if the collector does not accept it. Use it to check that a new key works from the machine that runs Terraform.",
		Attributes: map[string]schema.Attribute{
			"dsn": schema.StringAttribute{
				MarkdownDescription: "The DSN of the client key to test. The action does not print its key. Terraform shows a DSN that is not sensitive in its plan.",
				Required:            true,
			},
			"message": schema.StringAttribute{
				MarkdownDescription: "The text of the event. Default: `" + errortracking.DefaultTestMessage + "`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"environment": schema.StringAttribute{
				MarkdownDescription: "The environment of the event. Default: `" + errortracking.DefaultTestEnvironment + "`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.RegexMatches(environmentForm, "must have 1 to 64 characters and no spaces or slashes")},
			},
		},
	}
}

// ValidateConfig implements action.ActionWithValidateConfig.
func (a *sendTestEventAction) ValidateConfig(ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse) {
	var model sendTestEventModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if !resp.Diagnostics.HasError() && !model.DSN.IsUnknown() {
		model.parse(&resp.Diagnostics)
	}
}

// Invoke implements action.Action.
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
	collector := dsn.Collector()
	resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf("Sending a test event for project %d to %s", dsn.ProjectID, collector)})
	ctx, cancel := context.WithTimeout(ctx, collectorTimeout)
	defer cancel()
	event := errortracking.TestEvent{Message: model.Message.ValueString(), Environment: model.Environment.ValueString()}
	id, answer, err := errortracking.SendTestEvent(ctx, dsn, event)
	if err != nil {
		resp.Diagnostics.AddError("Cannot send a test event to "+collector,
			fmt.Sprintf("The event was for project %d. ", dsn.ProjectID)+explain(err))
		return
	}
	resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf("%s accepted event %s: %s", collector, id, answer)})
}

// parse reads the DSN. Its error names no attribute, because engines quote the line of an attribute, and with it the key.
func (m sendTestEventModel) parse(diags *diag.Diagnostics) (errortracking.DSN, bool) {
	dsn, err := errortracking.ParseDSN(m.DSN.ValueString())
	if err != nil {
		diags.AddError("Invalid DSN", capitalized(sentence(err.Error())))
	}
	return dsn, err == nil
}
