package provider

import "testing"

// A tainted key in a hidden project, by ID, without a refresh: the destroy gets 404 and the creation fails, so the state
// loses a key that lives on.
func TestReplacement_taintedIsRefusedInHiddenProjectWithoutRefresh(t *testing.T) {
	t.Parallel()
	for _, project := range []string{"1", "acme/web"} {
		t.Run(project, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, twoProjects())
			terraform := newCommandLine(t, gitlab, clientKeyConfig(project, ""))
			terraform.succeeds(t, "apply", "-auto-approve")
			terraform.succeeds(t, "taint", clientKeyAddress)
			gitlab.SetRole(maintainer, 1, "")
			output, err := terraform.run(t, "apply", "-auto-approve", "-refresh=false")
			if len(gitlab.keyIDs(1)) > 0 && len(terraform.keysInState(t)) == 0 {
				t.Errorf("the state has lost a key that lives on; the apply ended with %v:\n%s", err, output)
			}
		})
	}
}
