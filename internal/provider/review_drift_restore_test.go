package provider

import (
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// Active Sentry settings are adopted and switched to GitLab. Somebody deactivates them, Terraform activates them again. A
// destroy goes back to what was found before the first write: active, with the Sentry.
func TestRestore_goesBackToBeforeTheFirstWriteInSpiteOfDrift(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	url := "https://sentry.example.com/api/0/projects/o/p/"
	scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, APIURL: &url}
	gitlab := startTestbed(t, scenario)
	terraform := newCommandLine(t, gitlab, settingsConfig("acme/web", "active = true\n  integrated = true"))
	terraform.succeeds(t, "apply", "-auto-approve")
	gitlab.SetSettings(1, &gitlabsim.Settings{Integrated: true, APIURL: &url})
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.destroy(t)
	if err := gitlab.hasSettings(1, true, false)(nil); err != nil {
		t.Error(err)
	}
}
