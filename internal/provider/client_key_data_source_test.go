package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func clientKeyDataConfig(project, arguments string) string {
	return fmt.Sprintf("data \"gitlab_error_tracking_client_key\" \"test\" {\n  project = %q\n  %s\n}\n", project, arguments)
}

// inactiveScenario is keyScenario with the inactive key 3 in acme/web.
func inactiveScenario() gitlabsim.Scenario {
	scenario := keyScenario()
	scenario.Projects[0].ClientKeys = append(gitlabsim.ClientKeys{{ID: 3, PublicKey: publicKey(3), Inactive: true}}, scenario.Projects[0].ClientKeys...)
	return scenario
}

// clientKeyData is a client key that GitLab has in acme/web, as data sources show it.
func (b *testbed) clientKeyData(project string, keyID int64) object {
	o := b.clientKeyObject(project, 1, keyID)
	delete(o, "keepers")
	return o
}

func TestClientKeyDataSource(t *testing.T) {
	t.Parallel()
	scenario := inactiveScenario()
	scenario.Tokens[0].Scopes = []string{"read_api"}
	gitlab := startTestbed(t, scenario)
	config, want := "", map[string]object{}
	for name, test := range map[string]struct {
		project, arguments string
		key                int64
	}{
		"oldest_active":   {"acme/web", "", 7},
		"by_id":           {"acme/web", "key_id = 8", 8},
		"by_key":          {"1", fmt.Sprintf("public_key = %q", publicKey(8)), 8},
		"inactive_by_id":  {"acme%2Fweb", "key_id = 3", 3},
		"inactive_by_key": {"1", fmt.Sprintf("public_key = %q", publicKey(3)), 3},
	} {
		config += strings.Replace(clientKeyDataConfig(test.project, test.arguments), `"test"`, `"`+name+`"`, 1)
		want["gitlab_error_tracking_client_key."+name] = gitlab.clientKeyData(test.project, test.key)
	}
	terraform := newCommandLine(t, gitlab, config)
	terraform.applyTwice(t)
	terraform.hasDataInState(t, want)
	passes(t, gitlab.wrote())
}

func TestClientKeyDataSource_fails(t *testing.T) {
	t.Parallel()
	none := twoProjects()
	onlyInactive := twoProjects()
	onlyInactive.Projects[0].ClientKeys = gitlabsim.ClientKeys{{ID: 3, Inactive: true}}
	for name, test := range map[string]struct {
		scenario  gitlabsim.Scenario
		project   string
		arguments string
		want      []string
	}{
		"no key":            {none, "acme/web", "", []string{"Client key not found", "Project acme/web has no active client key.", "has no client keys.", "Create a key with a gitlab_error_tracking_client_key resource"}},
		"no active key":     {onlyInactive, "acme/web", "", []string{"Client key not found", "Project acme/web has no active client key.", "Existing client keys: 3 (inactive)"}},
		"unknown ID":        {inactiveScenario(), "acme/web", "key_id = 9", []string{"Client key not found", "Project acme/web has no client key 9.", "3 (inactive), 7, 8"}},
		"unknown key":       {inactiveScenario(), "1", `public_key = "glet_0"`, []string{"Client key not found", "Project 1 has no client key with the given public key.", "3 (inactive), 7, 8"}},
		"both":              {none, "1", "key_id = 1\n  public_key = \"glet_0\"", []string{"Invalid Attribute Combination"}},
		"ID zero":           {none, "1", "key_id = 0", []string{"key_id", "at least 1"}},
		"unknown project":   {none, "acme/gone", "", []string{"Unable to find project", "Project acme/gone: ", "404 Project Not Found"}},
		"invisible project": {none, "99", "", []string{"Unable to find project", "Project 99: ", "404 Project Not Found"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terraform := newCommandLine(t, startTestbed(t, test.scenario), clientKeyDataConfig(test.project, test.arguments))
			terraform.fails(t, test.want, "plan")
		})
	}
}

// A key that is made by an apply is seen, though the same apply read the list before.
func TestClientKeyDataSource_afterCreate(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, keyScenario())
	terraform := newCommandLine(t, gitlab, clientKeyConfig("acme/web", "depends_on = [data.gitlab_error_tracking_client_key.before]")+`
resource "terraform_data" "apply" {}

data "gitlab_error_tracking_client_key" "before" {
  project    = "acme/web"
  depends_on = [terraform_data.apply] # so that it is read while the plan is applied
}

data "gitlab_error_tracking_client_key" "test" {
  project = "acme/web"
  key_id  = gitlab_error_tracking_client_key.test.key_id
}
`)
	terraform.applyTwice(t)
	terraform.hasDataInState(t, map[string]object{
		"gitlab_error_tracking_client_key.before": gitlab.clientKeyData("acme/web", 7),
		clientKeyAddress: gitlab.clientKeyData("acme/web", 10),
	})
}
