package provider

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

func TestProject_invalid(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	for project, want := range map[string]*regexp.Regexp{
		"":                                  says("Invalid project", "it is empty", "acme/web"),
		"https://gitlab.example.com/acme/w": says("Invalid project", "is a URL", "acme/web"),
		"/acme/web":                         says("Invalid project", "begins with a slash", "acme/web"),
		"acme/my web":                       says("Invalid project", "contains a space", "acme/web"),
		" 42":                               says("Invalid project", "contains a space", "acme/web"),
		"web":                               says("Invalid project", "no group or user before the project", "acme/web"),
		"0":                                 says("Invalid project", "no possible project ID", "acme/web"),
	} {
		for object, config := range map[string]string{
			"settings":    settingsConfig(project, "active = true"),
			"client key":  clientKeyConfig(project, ""),
			"data source": settingsDataConfig(project),
		} {
			t.Run(object+" "+project, func(t *testing.T) {
				t.Parallel()
				gitlab.run(t, resource.TestCase{
					Steps: []resource.TestStep{{Config: gitlab.config(config), PlanOnly: true, ExpectError: want}},
				})
			})
		}
	}
}
