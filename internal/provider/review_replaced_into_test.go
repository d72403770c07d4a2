package provider

import (
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// Settings that move to a project which has a Sentry: the plan has to say that it disconnects it. (Engines drop the warnings
// of the second plan of a replacement, so the first one must give it.)
func TestSettingsPlan_warnsOfTheProjectItMovesTo(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	url := "https://sentry.example.com/api/0/projects/o/p/"
	scenario.Projects[1].Settings = &gitlabsim.Settings{Active: true, APIURL: &url}
	terraform := newCommandLine(t, startTestbed(t, scenario), settingsConfig("acme/web", "active = true\n  integrated = true"))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", requiredProviders+settingsConfig("acme/shop", "active = true\n  integrated = true"))
	once(t, terraform.succeeds(t, "plan"), "Warning: "+settingsWillChange, 1)
}
