// Others stands in for the providers that the guides use alongside this one, and is the one that its program is named after. It
// has the resources of the guides, keeps them in the state alone, and adds a line to consumer.jsonl in the working folder for
// each that it saves, with its write-only values.
package main

import (
	"context"
	"encoding/json"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// kind is a type of resource.
type kind struct {
	name       string
	attributes map[string]schema.Attribute
	blocks     map[string]schema.Block
	secrets    []string       // the attributes that consumer.jsonl shows
	found      map[string]any // what an import finds, for attributes other than the ID
}

// kinds are those of each provider, with the arguments that the guides use.
var kinds = map[string][]kind{
	"gitlab": {
		{
			name: "gitlab_project_variable",
			attributes: map[string]schema.Attribute{
				"project": schema.StringAttribute{Required: true},
				"key":     schema.StringAttribute{Required: true},
				"value":   schema.StringAttribute{Required: true, Sensitive: true},
				"masked":  schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false)},
				"hidden":  schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false)},
			},
			secrets: []string{"value"},
		},
		{
			name: "gitlab_project_error_tracking_settings",
			attributes: map[string]schema.Attribute{
				"project":                  schema.StringAttribute{Required: true},
				"active":                   schema.BoolAttribute{Required: true},
				"integrated":               schema.BoolAttribute{Required: true},
				"keep_settings_on_destroy": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true)},
				"api_url":                  schema.StringAttribute{Computed: true},
				"project_name":             schema.StringAttribute{Computed: true},
				"sentry_external_url":      schema.StringAttribute{Computed: true},
			},
			found: map[string]any{"project": "acme/web", "active": true, "integrated": true, "keep_settings_on_destroy": true},
		},
		{
			name: "gitlab_project_error_tracking_client_key",
			attributes: map[string]schema.Attribute{
				"project":    schema.StringAttribute{Required: true},
				"key_id":     schema.Int64Attribute{Computed: true},
				"active":     schema.BoolAttribute{Computed: true},
				"public_key": schema.StringAttribute{Computed: true},
				"sentry_dsn": schema.StringAttribute{Computed: true, Sensitive: true},
			},
			found: map[string]any{"project": "acme/web", "key_id": int64(42), "active": true},
		},
	},
	"kubernetes": {{
		name: "kubernetes_secret_v1",
		attributes: map[string]schema.Attribute{
			"data":             schema.MapAttribute{ElementType: types.StringType, Optional: true, Sensitive: true},
			"data_wo":          schema.MapAttribute{ElementType: types.StringType, Optional: true, WriteOnly: true},
			"data_wo_revision": schema.Int64Attribute{Optional: true},
		},
		blocks: map[string]schema.Block{
			"metadata": schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{
				Attributes: map[string]schema.Attribute{"name": schema.StringAttribute{Required: true}, "namespace": schema.StringAttribute{Optional: true}},
			}},
		},
		secrets: []string{"data", "data_wo"},
	}},
	"vault": {{
		name: "vault_kv_secret_v2",
		attributes: map[string]schema.Attribute{
			"mount":                schema.StringAttribute{Required: true},
			"name":                 schema.StringAttribute{Required: true},
			"data_json":            schema.StringAttribute{Optional: true, Sensitive: true},
			"data_json_wo":         schema.StringAttribute{Optional: true, WriteOnly: true},
			"data_json_wo_version": schema.Int64Attribute{Optional: true},
		},
		secrets: []string{"data_json", "data_json_wo"},
	}},
	"aws": {{
		name: "aws_ssm_parameter",
		attributes: map[string]schema.Attribute{
			"name":             schema.StringAttribute{Required: true},
			"type":             schema.StringAttribute{Required: true},
			"value":            schema.StringAttribute{Optional: true, Sensitive: true},
			"value_wo":         schema.StringAttribute{Optional: true, WriteOnly: true},
			"value_wo_version": schema.Int64Attribute{Optional: true},
		},
		secrets: []string{"value", "value_wo"},
	}},
}

func main() {
	name := other(strings.TrimPrefix(filepath.Base(os.Args[0]), "terraform-provider-"))
	err := providerserver.Serve(context.Background(), func() provider.Provider { return name },
		providerserver.ServeOpts{Address: "registry.terraform.io/others/" + string(name)})
	if err != nil {
		log.Fatal(err)
	}
}

// other is the type name of a provider.
type other string

func (o other) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = string(o)
}

func (o other) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerschema.Schema{Attributes: map[string]providerschema.Attribute{
		"token":       providerschema.StringAttribute{Optional: true, Sensitive: true},
		"base_url":    providerschema.StringAttribute{Optional: true},
		"cacert_file": providerschema.StringAttribute{Optional: true},
	}}
}

func (other) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (o other) Resources(context.Context) []func() resource.Resource {
	var resources []func() resource.Resource
	for _, k := range kinds[string(o)] {
		resources = append(resources, func() resource.Resource { return k })
	}
	return resources
}

func (other) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (k kind) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = k.name
}

func (k kind) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := maps.Clone(k.attributes)
	attributes["id"] = schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
	resp.Schema = schema.Schema{Attributes: attributes, Blocks: k.blocks}
}

func (k kind) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), k.name)...)
	k.consume(req.Config)
}

func (kind) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (k kind) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
	k.consume(req.Config)
}

func (kind) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func (k kind) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), req.ID)...)
	for _, name := range slices.Sorted(maps.Keys(k.found)) {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(name), k.found[name])...)
	}
}

// consume notes the secrets of a configuration.
func (k kind) consume(config tfsdk.Config) {
	var values map[string]tftypes.Value
	if err := config.Raw.As(&values); err != nil {
		log.Fatal(err)
	}
	note := map[string]string{"type": k.name}
	for _, name := range k.secrets {
		if value := values[name]; !value.IsNull() {
			note[name] = value.String()
		}
	}
	line, err := json.Marshal(note)
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.OpenFile("consumer.jsonl", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := file.Write(append(line, '\n')); err != nil {
		log.Fatal(err)
	}
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}
