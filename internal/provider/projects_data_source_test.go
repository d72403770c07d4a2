package provider

import (
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

const projectsAddress = "data.gitlab_error_tracking_projects.test"

func projectsConfig(arguments string) string {
	return "data \"gitlab_error_tracking_projects\" \"test\" {\n  " + arguments + "\n}\n"
}

func TestProjectsDataSource(t *testing.T) {
	t.Parallel()
	row := func(id int64, project string, settings any) object {
		return object{"project": project, "project_id": id, "settings": settings}
	}
	settings := func(active bool) object {
		return object{"active": active, "integrated": true, "project_name": nil, "sentry_external_url": nil, "api_url": nil}
	}
	web, shop, api := row(1, "acme/web", settings(true)), row(2, "acme/shop", nil), row(3, "acme/sub/api", settings(false))
	for name, test := range map[string]struct {
		arguments string
		hidden    bool // the token may read neither acme/web nor acme/shop
		want      object
	}{
		"with subgroups": {`group = "acme"`, false, object{
			"group": "acme", "include_subgroups": nil, "projects": []object{web, shop, api}, "unreadable": []string{},
		}},
		"without subgroups": {"group = \"1\"\n  include_subgroups = false", false, object{
			"group": "1", "include_subgroups": false, "projects": []object{web, shop}, "unreadable": []string{},
		}},
		"unreadable": {`group = "acme"`, true, object{
			"group": "acme", "include_subgroups": nil, "projects": []object{api}, "unreadable": []string{"acme/web", "acme/shop"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, groupScenario())
			if test.hidden {
				gitlab.SetRole(maintainer, 1, "developer")
				gitlab.AddFault(gitlabsim.Fault{Path: "/projects/2/*", Status: 404, Body: `{"message":"404 Project Not Found"}`})
			}
			gitlab.run(t, resource.TestCase{
				Steps: []resource.TestStep{{
					Config:            gitlab.config(projectsConfig(test.arguments)),
					ConfigStateChecks: []statecheck.StateCheck{isWhole(projectsAddress, test.want)},
					Check:             gitlab.wrote(),
				}},
			})
		})
	}
}

// A project that shows the errors of a Sentry has its addresses.
func TestProjectsDataSource_sentry(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, guideGitLabs["sentry"]())
	gitlab.run(t, resource.TestCase{
		Steps: []resource.TestStep{{
			Config: gitlab.config(projectsConfig(`group = "acme"`)),
			ConfigStateChecks: []statecheck.StateCheck{isWhole(projectsAddress, object{
				"group": "acme", "include_subgroups": nil, "unreadable": []string{},
				"projects": []object{
					{"project": "acme/web", "project_id": 1, "settings": object{
						"active": false, "integrated": false, "project_name": "web",
						"sentry_external_url": "https://sentry.example.com/acme/web/",
						"api_url":             "https://sentry.example.com/api/0/projects/acme/web/",
					}},
					{"project": "acme/shop", "project_id": 2, "settings": nil},
				},
			})},
		}},
	})
}
