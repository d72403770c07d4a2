package provider

import (
	"strings"
	"testing"
)

// The first of a list is removed, so the indices shift: the last resource is destroyed and the one before it is replaced and
// takes its project. Nothing is undone by the next plan, so there is no such warning.
func TestConflicts_noFalseAlarmForAShiftedIndex(t *testing.T) {
	t.Parallel()
	config := func(list string) string {
		return strings.Replace(settingsConfig("X", "active = true\n  count = length("+list+")"), `"X"`, list+"[count.index]", 1)
	}
	terraform := newCommandLine(t, startTestbed(t, twoProjects()), config(`["acme/web", "acme/shop"]`))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", requiredProviders+config(`["acme/shop"]`))
	once(t, terraform.succeeds(t, "plan"), "Warning: "+settingsManagedTwice, 0)
}
