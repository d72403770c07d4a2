package provider

import (
	"regexp"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A function needs no provider block, and asks GitLab nothing.
func TestParseDSNFunction(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.8")
	gitlab := startTestbed(t, gitlabsim.Scenario{})
	terraform := newCommandLine(t, gitlab, `
output "parts" {
  value = provider::gitlab::parse_dsn("https://glet_0123@observe.gitlab.com:443/errortracking/api/v1/projects/42")
}
output "older" {
  value = provider::gitlab::parse_dsn("http://glet_0123@gitlab.example.com:8080/api/v4/error_tracking/collector/7").envelope_url
}
`)
	terraform.env = append(terraform.env, "GITLAB_BASE_URL=", "GITLAB_TOKEN=")
	terraform.applyTwice(t)
	outputs := terraform.readState(t).Outputs
	want := object{
		"scheme": "https", "host": "observe.gitlab.com", "port": 443, "public_key": "glet_0123",
		"path": "/errortracking/api/v1/projects", "project_id": 42,
		"envelope_url": "https://observe.gitlab.com/errortracking/api/v1/projects/api/42/envelope/",
	}
	if diff := cmp.Diff(jsonText(want), jsonText(outputs["parts"].Value)); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if got := outputs["older"].Value; got != "http://gitlab.example.com:8080/api/v4/error_tracking/collector/api/7/envelope/" {
		t.Errorf("the older envelope URL is %q", got)
	}
	passes(t, gitlab.asked())

	terraform.write(t, "main.tf", requiredProviders+`
output "bad" {
  value = provider::gitlab::parse_dsn("https://glet_0123@o1.ingest.sentry.io/42")
}
`)
	output, err := terraform.run(t, "plan")
	if err == nil || !regexp.MustCompile(`(?s)Not a DSN of GitLab\..*/<project_id>\.[^.]`).MatchString(output) {
		t.Errorf("%v, want an error that says what a DSN is\n%s", err, output)
	}
}

// A function needs no token, though OpenTofu configures a provider that has a block for its functions. What needs the token
// says so, one object at length.
func TestParseDSNFunction_withoutToken(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.8")
	gitlab := startTestbed(t, twoProjects())
	functions := `
provider "gitlab" {}

variable "dsn" {
  default = "HTTPS://glet_0123:secret@observe.gitlab.com/errortracking/api/v1/projects/42/\n"
}

output "id" {
  value = provider::gitlab::parse_dsn(var.dsn).project_id
}
`
	terraform := newCommandLine(t, gitlab, functions)
	terraform.env = append(terraform.env, "GITLAB_TOKEN=")
	terraform.applyTwice(t)
	if output := terraform.succeeds(t, "output"); !strings.Contains(output, "id = 42") {
		t.Error(output)
	}
	terraform.write(t, "settings.tf", `
resource "gitlab_error_tracking_settings" "one" {
  project = "1"
  active  = true
}

resource "gitlab_error_tracking_settings" "two" {
  project = "2"
  active  = true
}
`)
	output, err := terraform.run(t, "plan")
	if err == nil || strings.Count(output, "Error: Missing GitLab token") != 2 || strings.Count(output, "Set the environment variable GITLAB_TOKEN") != 2 {
		t.Errorf("%v, want an error for each of two objects that says what to do\n%s", err, output)
	}
	if requests := gitlab.requests(); len(requests) > 0 {
		t.Errorf("GitLab was asked: %q", requests)
	}
}

// OpenTofu 1.12 sends a null argument as nothing at all, which does not reach the function, so this does without engine.
func TestParseDSNFunction_null(t *testing.T) {
	t.Parallel()
	server := newServer(New("test")())
	null, err := tfprotov6.NewDynamicValue(tftypes.String, tftypes.NewValue(tftypes.String, nil))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{Name: "parse_dsn", Arguments: []*tfprotov6.DynamicValue{&null}})
	if err != nil || resp.Error != nil {
		t.Fatal(err, resp.Error)
	}
	if isNull, err := resp.Result.IsNull(); err != nil || !isNull {
		t.Errorf("null gives %v, %v", resp.Result, err)
	}
}
