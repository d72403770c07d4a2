package provider

import "testing"

// The apply of a replacement finds the settings as the first half has left them. That is no news to the user.
func TestSettingsApply_noFalseAlarmAfterReplace(t *testing.T) {
	t.Parallel()
	terraform := newCommandLine(t, startTestbed(t, twoProjects()), settingsConfig("acme/web", "active = true"))
	terraform.succeeds(t, "apply", "-auto-approve")
	once(t, terraform.succeeds(t, "apply", "-auto-approve", "-replace="+settingsAddress), "Warning: "+settingsWillChange, 0)
}
