package provider

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Each object says all of it, since Terraform sorts errors by their place in the configuration.
func TestProvider_noToken(t *testing.T) {
	t.Parallel()
	terraform := newCommandLine(t, startTestbed(t, twoProjects()), settingsConfig("1", "active = true")+clientKeyConfig("1", ""))
	terraform.env = append(terraform.env, "GITLAB_TOKEN=", "CI_JOB_TOKEN=job", "GITLAB_CONFIG_FILE=glab.yml", "GITLAB_CONTEXT=work")
	output, err := terraform.run(t, "plan")
	whole := "Error: Missing GitLab token"
	if err == nil || strings.Count(output, whole) != 2 {
		t.Errorf("plan ended with %v, want 2 errors\n%s", err, output)
	}
	for _, message := range strings.Split(output, whole)[1:] {
		if !hasInOrder(message, "an access token with the scope api", "Set the environment variable GITLAB_TOKEN",
			"CI_JOB_TOKEN is set, but GitLab does not accept job tokens for error tracking.",
			"GITLAB_CONFIG_FILE is set, but this provider reads no configuration file.", "GITLAB_CONTEXT is set") {
			t.Errorf("not the whole text: %s", message)
		}
	}
}

func TestProvider_environment(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	terraform := newCommandLine(t, gitlab, settingsConfig("1", "active = true"))
	terraform.env = append(terraform.env, "GITLAB_EARLY_AUTH_CHECK=true")
	terraform.succeeds(t, "apply", "-auto-approve")
	passes(t, gitlab.hasSettings(1, true, true))
	gitlab.ClearRequests()
	terraform.changesNothing(t)
	passes(t, gitlab.asked("GET /user", "GET /projects/1/error_tracking/settings"))
}

// An argument wins over its environment variable.
func TestProvider_argumentsAndEnvironment(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	for _, test := range []struct {
		argument types.Bool
		variable string
		want     bool
	}{
		{types.BoolNull(), "", false},
		{types.BoolNull(), "true", true},
		{types.BoolNull(), "false", false},
		{types.BoolValue(true), "", true},
		{types.BoolValue(true), "false", true},
		{types.BoolValue(false), "true", false},
		{types.BoolValue(false), "no boolean", false},
	} {
		p := &gitlabProvider{getenv: func(name string) string {
			return map[string]string{"GITLAB_EARLY_AUTH_CHECK": test.variable, "GITLAB_TOKEN": "variable", "GITLAB_BASE_URL": "no address"}[name]
		}}
		var diags diag.Diagnostics
		client := p.newClient(t.Context(), providerModel{
			Headers:        types.MapNull(types.StringType),
			EarlyAuthCheck: test.argument,
			BaseURL:        types.StringValue(gitlab.URL()),
		}, &diags)
		if client == nil || diags.HasError() != test.want { // GitLab does not know the token.
			t.Errorf("early_auth_check = %s with the variable %q: want a check: %t; %v", test.argument, test.variable, test.want, diags)
		}
	}
}

// A GitLab that is made in the same run has no address while the run is planned.
func TestProvider_unknownArguments(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	config := func(generation, project string) string {
		return fmt.Sprintf(`
resource "terraform_data" "gitlab" {
  input            = %q
  triggers_replace = %q
}
provider "gitlab" {
  base_url = terraform_data.gitlab.output
  token    = %q
}
`, gitlab.URL(), generation, maintainer) + settingsConfig(project, "active = true") + clientKeyConfig(project, "keepers = { generation = "+generation+" }\n  depends_on = [gitlab_error_tracking_settings.test]")
	}
	terraform := newCommandLine(t, gitlab, "")
	terraform.goesTo(t, config("1", "acme/web"), "3 added, 0 changed, 0 destroyed")
	passes(t, gitlab.hasSettings(1, true, true), gitlab.hasKeys(1, 2))
	// The address is unknown again while objects exist: they are kept as they were last seen, and planned as far as that goes.
	terraform.goesTo(t, config("2", "acme/web"), "2 added, 0 changed, 2 destroyed")
	passes(t,
		gitlab.warned("Provider not configured yet", "The settings of project acme/web stay in the state", "Client key 1:2 stays in the state"),
		gitlab.hasSettings(1, true, true),
		gitlab.hasKeys(1, 3), // the keepers are another value
	)
	// Another spelling of the project is no change, though nobody can tell while the plan is made.
	terraform.goesTo(t, config("3", "1"), "2 added, 0 changed, 2 destroyed")
	passes(t, gitlab.hasSettings(1, true, true), gitlab.hasKeys(1, 4))
	// Another project is replaced once it is seen.
	terraform.goesTo(t, config("3", "acme/shop"), "2 added, 0 changed, 2 destroyed")
	passes(t, gitlab.hasKeys(1))
}

// With an unknown provider block, an engine that can defer defers what it plans and reads.
func TestProvider_defers(t *testing.T) {
	t.Parallel()
	server, schema := unknownProvider(t, true)
	project := map[string]tftypes.Value{"project": tftypes.NewValue(tftypes.String, "acme/web")}
	name := TypeName + clientKeyType
	resourceSchema := schema.ResourceSchemas[name]
	null, err := tfprotov6.NewDynamicValue(resourceSchema.ValueType(), tftypes.NewValue(resourceSchema.ValueType(), nil))
	if err != nil {
		t.Fatal(err)
	}
	planned, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: name, PriorState: &null, ProposedNewState: objectValue(t, resourceSchema, project), Config: objectValue(t, resourceSchema, project),
		ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: true},
	})
	if err != nil || planned.Deferred == nil || planned.Deferred.Reason != tfprotov6.DeferredReasonProviderConfigUnknown {
		t.Errorf("plan of %s: %+v, %v", name, planned, err)
	}
	imported, err := server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: name, ID: "acme/web:1", ClientCapabilities: &tfprotov6.ImportResourceStateClientCapabilities{DeferralAllowed: true},
	})
	if err != nil || imported.Deferred == nil {
		t.Errorf("import of %s: %+v, %v", name, imported, err)
	}
	read, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: name, Config: objectValue(t, schema.DataSourceSchemas[name], project),
		ClientCapabilities: &tfprotov6.ReadDataSourceClientCapabilities{DeferralAllowed: true},
	})
	if err != nil || read.Deferred == nil {
		t.Errorf("read of %s: %+v, %v", name, read, err)
	}
}

// What is read has no value while the provider block is unknown, and an engine that cannot defer is told so.
func TestProvider_readsNothingUnconfigured(t *testing.T) {
	t.Parallel()
	server, schema := unknownProvider(t, false)
	project := map[string]tftypes.Value{"project": tftypes.NewValue(tftypes.String, "acme/web")}
	name := TypeName + clientKeyType
	read, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: objectValue(t, schema.DataSourceSchemas[name], project)})
	if err != nil || len(read.Diagnostics) != 1 || read.Diagnostics[0].Summary != providerNotConfigured {
		t.Errorf("data source: %+v, %v", read, err)
	}
	opened, err := server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{TypeName: name, Config: objectValue(t, schema.EphemeralResourceSchemas[name], project)})
	if err != nil || len(opened.Diagnostics) != 1 || opened.Diagnostics[0].Summary != providerNotConfigured {
		t.Errorf("ephemeral resource: %+v, %v", opened, err)
	}
}

// The number of retries has bounds, which are checked before a plan.
func TestProvider_retries(t *testing.T) {
	t.Parallel()
	server := newServer(New("test")())
	schema := schemaOf(t, server)
	for retries, valid := range map[int64]bool{-1: false, 0: true, errortracking.MaxRetries: true, errortracking.MaxRetries + 1: false} {
		config := objectValue(t, schema.Provider, map[string]tftypes.Value{"retries": tftypes.NewValue(tftypes.Number, retries)})
		resp, err := server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: config})
		if err != nil || (len(resp.Diagnostics) == 0) != valid {
			t.Errorf("retries = %d: %v, %+v, want that it is valid: %t", retries, err, resp, valid)
		}
	}
}

// unknownProvider is a server whose provider block is not fully known, and its schemas.
func unknownProvider(t *testing.T, deferralAllowed bool) (server, *tfprotov6.GetProviderSchemaResponse) {
	t.Helper()
	server := newServer(New("test")())
	schema := schemaOf(t, server)
	if _, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config:             objectValue(t, schema.Provider, map[string]tftypes.Value{"token": tftypes.NewValue(tftypes.String, tftypes.UnknownValue)}),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: deferralAllowed},
	}); err != nil {
		t.Fatal(err)
	}
	return server, schema
}

// objectValue is an object of a schema that has null where nothing is known.
func objectValue(t *testing.T, schema *tfprotov6.Schema, known map[string]tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	object, ok := schema.ValueType().(tftypes.Object)
	if !ok {
		t.Fatal("the schema is not an object")
	}
	values := map[string]tftypes.Value{}
	for name, typ := range object.AttributeTypes {
		values[name] = tftypes.NewValue(typ, nil)
	}
	maps.Copy(values, known)
	dynamic, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, values))
	if err != nil {
		t.Fatal(err)
	}
	return &dynamic
}

func TestLog(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	scenario.Faults = []gitlabsim.Fault{{
		Method: http.MethodGet, Path: "/projects/1/error_tracking/settings", Status: http.StatusNotFound,
		Body: `{"message":"404 Error Tracking Setting Not Found"}`, Headers: map[string]string{"X-Request-Id": "01JXYZ"},
	}}
	gitlab := startTestbed(t, scenario)
	terraform := newCommandLine(t, gitlab, settingsConfig("acme/web", "active = false")+"data \"gitlab_error_tracking_projects\" \"acme\" {\n  group = \"acme\"\n}\n")
	terraform.startProvider(t)
	terraform.env = append(terraform.env, "TF_LOG_PROVIDER=DEBUG")
	output, err := terraform.run(t, "apply", "-auto-approve")
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	var lines []string
	for line := range strings.Lines(output) {
		if strings.Contains(line, "Request to GitLab") {
			lines = append(lines, line)
		}
	}
	if len(lines) != len(gitlab.Requests()) {
		t.Errorf("%d lines in the log for %d requests:\n%s", len(lines), len(gitlab.Requests()), strings.Join(lines, ""))
	}
	for request, fields := range map[string][]string{
		"method=PUT":        {"path=/projects/:id/error_tracking/settings", "status=200", "attempt=1", "duration_ms=", "@module=gitlab.errortracking"},
		"request_id=01JXYZ": {"path=/projects/:id/error_tracking/settings", "status=404"},
		"path=/groups/":     {"path=/groups/:id/projects"},
	} {
		at := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, request) })
		if at < 0 {
			t.Errorf("no line has %s:\n%s", request, strings.Join(lines, ""))
			continue
		}
		for _, field := range fields {
			if !strings.Contains(lines[at], field) {
				t.Errorf("the line with %s lacks %s:\n%s", request, field, lines[at])
			}
		}
	}
	if all := strings.Join(lines, ""); regexp.MustCompile(`path=\S*acme`).MatchString(all) {
		t.Errorf("the log has the path of a project or group:\n%s", all)
	}
}
