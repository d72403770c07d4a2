package provider

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

func TestProvider_token(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]*regexp.Regexp{
		"unknown":   expectError("401 Unauthorized", "GitLab does not recognize the token", "GITLAB_TOKEN"),
		"expired":   expectError("401 Unauthorized", "The token has expired", "Create an access token"),
		"revoked":   expectError("401 Unauthorized", "The token was revoked", "Create an access token"),
		"reader":    expectError("403 Forbidden", "insufficient_scope", "scope does not allow this", "with the scope api"),
		"developer": expectError("403 Forbidden", "needs the Maintainer role in this project", "Grant the Maintainer role to the token's user"),
		"stranger":  expectError("404 Not Found", "404 Project Not Found", "does not exist, or the token cannot see it", "Check the ID or the full path"),
	} {
		for _, config := range []string{settingsConfig("1", "active = true"), clientKeyConfig("1", "")} {
			t.Run(token, func(t *testing.T) {
				t.Parallel()
				scenario := twoProjects()
				scenario.Projects[0].Settings = &gitlabsim.Settings{Active: false, Integrated: true}
				scenario.Tokens = []gitlabsim.Token{
					{Token: "expired", State: "expired", Roles: map[string]string{"1": "maintainer"}},
					{Token: "revoked", State: "revoked", Roles: map[string]string{"1": "maintainer"}},
					{Token: "reader", Scopes: []string{"read_api"}, Roles: map[string]string{"1": "maintainer"}},
					{Token: "developer", Roles: map[string]string{"1": "developer"}},
					{Token: "stranger"},
				}
				gitlab := startTestbed(t, scenario)
				gitlab.run(t, resource.TestCase{
					Steps: []resource.TestStep{{Config: providerBlock(gitlab.URL(), token) + config, ExpectError: want}},
				})
			})
		}
	}
}

func TestProvider_baseURL(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!DOCTYPE html><title>Sign in</title>")
	}))
	t.Cleanup(page.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	gitlab := startTestbed(t, twoProjects())
	for name, test := range map[string]struct {
		url  string
		want *regexp.Regexp
	}{
		"HTML":        {page.URL, expectError("Unexpected response from GitLab", "returned 200 OK", "The response came from a sign-in page", "Check base_url")},
		"refused":     {refused, expectError("Unable to reach GitLab", "did not respond", "connection refused", "Nothing accepts connections", "Check base_url")},
		"wrong path":  {gitlab.URL() + "/nowhere", expectError("Unexpected response from GitLab", "returned 404 Not Found", "There is no GitLab API at this address", "Check base_url")},
		"no scheme":   {"gitlab.example.com", expectError("Invalid provider argument", "argument base_url cannot be used", "does not start with https:// or http://")},
		"credentials": {"https://user:secret@gitlab.example.com", expectError("Invalid provider argument", "argument base_url cannot be used", "user name or password")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gitlab.run(t, resource.TestCase{
				Steps: []resource.TestStep{{
					Config:      providerBlock(test.url, maintainer) + settingsConfig("acme/web", "active = true"),
					ExpectError: test.want,
				}},
			})
		})
	}
}

func TestProvider_baseURLForms(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"", "/", "/api/v4", "/api/v4/"} {
		t.Run("suffix "+suffix, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, twoProjects())
			gitlab.run(t, resource.TestCase{
				Steps: []resource.TestStep{{
					Config: providerBlock(gitlab.URL()+suffix, maintainer) + settingsConfig("acme/web", "active = true"),
					Check:  gitlab.hasSettings(1, true, true),
				}},
			})
		})
	}
}

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
	gitlab := startTestbed(t, twoProjects())
	t.Setenv("GITLAB_TOKEN", maintainer)
	t.Setenv("GITLAB_BASE_URL", gitlab.URL())
	t.Setenv("GITLAB_EARLY_AUTH_CHECK", "true")
	gitlab.run(t, resource.TestCase{
		Steps: []resource.TestStep{
			{Config: requiredProviders + settingsConfig("1", "active = true"), Check: gitlab.hasSettings(1, true, true)},
			{
				PreConfig:    gitlab.ClearRequests,
				RefreshState: true,
				Check:        gitlab.asked("GET /user", "GET /projects/1/error_tracking/settings"),
			},
		},
	})
}

// An argument wins over its environment variable.
func TestProvider_argumentsAndEnvironment(t *testing.T) {
	t.Parallel()
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
		client, check := p.newClient(t.Context(), providerModel{
			Headers:        types.MapNull(types.StringType),
			EarlyAuthCheck: test.argument,
			BaseURL:        types.StringValue("https://gitlab.example.com"),
		}, &diags)
		if diags.HasError() || client == nil || check != test.want {
			t.Errorf("early_auth_check = %s with the variable %q: check is %t, want %t; %v", test.argument, test.variable, check, test.want, diags)
		}
	}
}

func TestProvider_earlyAuthCheck(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	gitlab.run(t, resource.TestCase{
		Steps: []resource.TestStep{{
			Config:      requiredProviders + fmt.Sprintf("provider \"gitlab\" {\n  base_url = %q\n  token = \"unknown\"\n  early_auth_check = true\n}\n", gitlab.URL()) + settingsConfig("1", "active = true"),
			ExpectError: expectError("Unable to sign in to GitLab", "GitLab does not recognize the token"),
		}},
	})
}

// A GitLab that is made in the same run has no address while the run is planned.
func TestProvider_unknownArguments(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	config := func(generation string) string {
		return requiredProviders + fmt.Sprintf(`
resource "terraform_data" "gitlab" {
  input            = %q
  triggers_replace = %q
}
provider "gitlab" {
  base_url = terraform_data.gitlab.output
  token    = %q
}
`, gitlab.URL(), generation, maintainer) + settingsConfig("acme/web", "active = true") + clientKeyConfig("acme/web", "keepers = { generation = "+generation+" }\n  depends_on = [gitlab_error_tracking_settings.test]")
	}
	gitlab.run(t, resource.TestCase{
		Steps: []resource.TestStep{
			{Config: config("1"), Check: resource.ComposeAggregateTestCheckFunc(gitlab.hasSettings(1, true, true), gitlab.hasKeys(1, 2))},
			{
				// The address is unknown again while objects exist: they are kept as they were last seen, and planned as far as that goes.
				Config: config("2"),
				Check: resource.ComposeAggregateTestCheckFunc(
					gitlab.warned("Provider not configured yet", "The settings of project acme/web stay in the state", "Client key 1:2 stays in the state"),
					gitlab.hasSettings(1, true, true),
					gitlab.hasKeys(1, 3), // the keepers are another value
				),
			},
		},
	})
}

// With an unknown provider block, an engine that can defer defers what it plans and reads.
func TestProvider_defers(t *testing.T) {
	t.Parallel()
	server := newServer(New("test")())
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config:             objectValue(t, schema.Provider, map[string]tftypes.Value{"token": tftypes.NewValue(tftypes.String, tftypes.UnknownValue)}),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: true},
	}); err != nil {
		t.Fatal(err)
	}
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
