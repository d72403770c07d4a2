package provider

import (
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// New settings beside a key that is managed already: the refresh of the key is no refresh of the settings, so the plan still
// has to say that it disconnects a Sentry.
func TestSettingsPlan_warnsBesideAManagedKey(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	url := "https://sentry.example.com/api/0/projects/o/p/"
	scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, APIURL: &url}
	terraform := newCommandLine(t, startTestbed(t, scenario), clientKeyConfig("acme/web", ""))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", requiredProviders+clientKeyConfig("acme/web", "")+settingsConfig("acme/web", "active = true\n  integrated = true\n  depends_on = ["+clientKeyAddress+"]"))
	once(t, terraform.succeeds(t, "plan"), "Warning: "+settingsWillChange, 1)
}
