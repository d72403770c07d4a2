package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func settingsDataConfig(project string) string {
	return fmt.Sprintf("data \"gitlab_error_tracking_settings\" \"test\" {\n  project = %q\n}\n", project)
}

func TestSettingsDataSource(t *testing.T) {
	t.Parallel()
	apiURL, externalURL, name := "https://sentry.example.com/api/0/projects/o/p/", "https://sentry.example.com/o/p/", "P"
	scenario := twoProjects()
	scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
	scenario.Projects[1].Settings = &gitlabsim.Settings{Active: true, APIURL: &apiURL, SentryExternalURL: &externalURL, ProjectName: &name}
	// Reading takes a token that may do nothing else.
	scenario.Tokens[0].Scopes = []string{"read_api"}
	gitlab := startTestbed(t, scenario)
	terraform := newCommandLine(t, gitlab, settingsDataConfig("acme/web")+strings.Replace(settingsDataConfig("2"), `"test"`, `"sentry"`, 1))
	terraform.applyTwice(t)
	terraform.hasDataInState(t, map[string]object{
		"gitlab_error_tracking_settings.test": {
			"id": "1", "project": "acme/web", "project_id": 1, "active": true, "integrated": true,
			"project_name": nil, "sentry_external_url": nil, "api_url": nil,
		},
		"gitlab_error_tracking_settings.sentry": {
			"id": "2", "project": "2", "project_id": 2, "active": true, "integrated": false,
			"project_name": name, "sentry_external_url": externalURL, "api_url": apiURL,
		},
	})
	passes(t, gitlab.wrote())
}

// A path costs one request a run, however many objects are given by it.
func TestSettingsDataSource_requests(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	for i := range scenario.Projects {
		scenario.Projects[i].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
	}
	gitlab := startTestbed(t, scenario)
	terraform := newCommandLine(t, gitlab, `
data "gitlab_error_tracking_settings" "path" {
  count   = 3
  project = "acme/web"
}
data "gitlab_error_tracking_client_keys" "path" {
  project = "Acme/Web"
}
data "gitlab_error_tracking_settings" "id" {
  project = "2"
}
`)
	terraform.succeeds(t, "plan")
	passes(t, gitlab.asked(
		"GET /projects/acme%2Fweb",
		"GET /projects/1/error_tracking/settings", "GET /projects/1/error_tracking/settings", "GET /projects/1/error_tracking/settings",
		"GET /projects/1/error_tracking/client_keys",
		"GET /projects/2/error_tracking/settings",
	))
}
