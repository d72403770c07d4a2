package main

import (
	"fmt"
	"io"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// demoToken is the token of the demo scenario. It has the Maintainer role in every project, also in those added later.
const demoToken = "glpat-demo"

// demoProject is the project of the demo scenario.
var demoProject = gitlabsim.Project{ID: 1, Path: "acme/web"}

// demoScenario is what exists when no scenario file is given.
func demoScenario() gitlabsim.Scenario {
	return gitlabsim.Scenario{
		Tokens:   []gitlabsim.Token{{Token: demoToken, Roles: map[string]string{"*": "maintainer"}}},
		Projects: []gitlabsim.Project{demoProject},
	}
}

// printUsage says how to use the demo scenario of the server at url.
func printUsage(w io.Writer, url string) error {
	_, err := fmt.Fprintf(w, `
Project %[1]s has the ID %[2]d. The token %[3]s has the Maintainer role in it. To use them, run:

  export GITLAB_BASE_URL=%[4]s
  export GITLAB_TOKEN=%[3]s

Control requests change what GitLab holds. This one renames the project:

  curl -X PATCH -d '{"path":"acme/site"}' %[4]s/-/projects/%[2]d
`, demoProject.Path, demoProject.ID, demoToken, url)
	return err
}
