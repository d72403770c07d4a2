package provider

import (
	"context"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ function.Function = parseDSNFunction{}

type parseDSNFunction struct{}

func newParseDSNFunction() function.Function { return parseDSNFunction{} }

// dsnObject is what the function returns.
type dsnObject struct {
	Scheme      string `tfsdk:"scheme"`
	Host        string `tfsdk:"host"`
	Port        int64  `tfsdk:"port"`
	PublicKey   string `tfsdk:"public_key"`
	Path        string `tfsdk:"path"`
	ProjectID   int64  `tfsdk:"project_id"`
	EnvelopeURL string `tfsdk:"envelope_url"`
}

func (parseDSNFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "parse_dsn"
}

func (parseDSNFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Takes a DSN apart.",
		MarkdownDescription: "Returns the parts of a client key's DSN: `scheme`, `host`, `port` (the default of the scheme if the DSN has none), `public_key`, " +
			"`path` (without the project ID), `project_id`, and `envelope_url`, the URL that a Sentry SDK sends events to. " +
			"Ignores surrounding space, a trailing slash, capitals in the scheme, and a secret key (`public:secret@`). " +
			"Needs no token and sends no request. Returns null for null.",
		Parameters: []function.Parameter{
			function.StringParameter{
				Name:                "dsn",
				MarkdownDescription: "A DSN of GitLab, of this or an older version, with or without a port.",
				AllowNullValue:      true,
			},
		},
		Return: function.ObjectReturn{AttributeTypes: map[string]attr.Type{
			"scheme":       types.StringType,
			"host":         types.StringType,
			"port":         types.Int64Type,
			"public_key":   types.StringType,
			"path":         types.StringType,
			"project_id":   types.Int64Type,
			"envelope_url": types.StringType,
		}},
	}
}

func (parseDSNFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text *string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	if text == nil {
		resp.Error = resp.Result.Set(ctx, (*dsnObject)(nil))
		return
	}
	dsn, err := errortracking.ParseDSN(*text)
	if err != nil {
		// Engines end the text with a full stop.
		resp.Error = function.NewArgumentFuncError(0, capitalized(err.Error()))
		return
	}
	resp.Error = resp.Result.Set(ctx, &dsnObject{
		Scheme:      dsn.Scheme,
		Host:        dsn.Host,
		Port:        dsn.Port,
		PublicKey:   dsn.PublicKey,
		Path:        dsn.Path,
		ProjectID:   dsn.ProjectID,
		EnvelopeURL: dsn.EnvelopeURL(),
	})
}
