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

// dsnParts are the fields of the function's result.
func dsnParts(dsn errortracking.DSN) map[string]attr.Value {
	return map[string]attr.Value{
		"scheme":       types.StringValue(dsn.Scheme),
		"host":         types.StringValue(dsn.Host),
		"port":         types.Int64Value(dsn.Port),
		"public_key":   types.StringValue(dsn.PublicKey),
		"path":         types.StringValue(dsn.Path),
		"project_id":   types.Int64Value(dsn.ProjectID),
		"envelope_url": types.StringValue(dsn.EnvelopeURL()),
	}
}

// dsnTypes are the types of these fields.
func dsnTypes(ctx context.Context) map[string]attr.Type {
	fields := map[string]attr.Type{}
	for name, value := range dsnParts(errortracking.DSN{}) {
		fields[name] = value.Type(ctx)
	}
	return fields
}

func (parseDSNFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "parse_dsn"
}

func (parseDSNFunction) Definition(ctx context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Parses a DSN.",
		MarkdownDescription: "Returns an object with the parts of a client key's DSN:\n\n" +
			"- `scheme`\n- `host`\n- `port`: if the DSN has none, the default of the scheme\n- `public_key`\n" +
			"- `path`: without the project ID\n- `project_id`\n- `envelope_url`: the URL that a Sentry SDK sends events to\n\n" +
			"The function ignores surrounding space, a trailing slash, capitals in the scheme, and a secret key (`public:secret@`). " +
			"It needs no token and sends no request. It returns null for null.",
		Parameters: []function.Parameter{
			function.StringParameter{
				Name:                "dsn",
				MarkdownDescription: "A GitLab DSN, current or older format, with or without a port.",
				AllowNullValue:      true,
			},
		},
		Return: function.ObjectReturn{AttributeTypes: dsnTypes(ctx)},
	}
}

func (parseDSNFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text *string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	if text == nil {
		resp.Error = resp.Result.Set(ctx, types.ObjectNull(dsnTypes(ctx)))
		return
	}
	dsn, err := errortracking.ParseDSN(*text)
	if err != nil {
		// Engines end the text with a full stop.
		resp.Error = function.NewArgumentFuncError(0, capitalized(err.Error()))
		return
	}
	resp.Error = resp.Result.Set(ctx, types.ObjectValueMust(dsnTypes(ctx), dsnParts(dsn)))
}
