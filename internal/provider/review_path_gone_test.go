package provider

import (
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// The project was renamed and its old path, which the configuration has, leads nowhere any more. A replacement deletes the
// key by the project's number and then cannot create one, so it must be refused.
func TestReplacement_refusedWherePathLeadsNowhere(t *testing.T) {
	t.Parallel()
	for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
		t.Run(refresh, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, twoProjects())
			terraform := newCommandLine(t, gitlab, clientKeyConfig("acme/web", `keepers = { rotated = "1" }`))
			terraform.succeeds(t, "apply", "-auto-approve")
			gitlab.MoveProject(1, "acme/site")
			gitlab.AddProject(gitlabsim.Project{ID: 12, Path: "acme/web"})
			gitlab.RemoveProject(12)
			terraform.write(t, "main.tf", requiredProviders+clientKeyConfig("acme/web", `keepers = { rotated = "2" }`))
			output, err := terraform.run(t, "apply", "-auto-approve", refresh)
			if keys := gitlab.keyIDs(1); len(keys) == 0 {
				t.Errorf("the key is lost; the apply ended with %v:\n%s", err, output)
			}
		})
	}
}
