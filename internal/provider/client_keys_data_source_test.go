package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

func clientKeysConfig(project, arguments string) string {
	return fmt.Sprintf("data \"gitlab_error_tracking_client_keys\" \"test\" {\n  project = %q\n  %s\n}\n", project, arguments)
}

func TestClientKeysDataSource(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, inactiveScenario())
	gitlab.AddProject(gitlabsim.Project{ID: 3, Path: "acme/new"})
	config, checks := "", []statecheck.StateCheck{}
	for name, test := range map[string]struct {
		project   string
		projectID int
		arguments string
		active    any
		keys      []int64
	}{
		"all":      {"acme/web", 1, "", nil, []int64{3, 7, 8}},
		"active":   {"acme/web", 1, "active = true", true, []int64{7, 8}},
		"inactive": {"acme/web", 1, "active = false", false, []int64{3}},
		"none":     {"3", 3, "", nil, nil},
	} {
		keys := []object{}
		for _, id := range test.keys {
			keys = append(keys, gitlab.clientKeyData("acme/web", id))
		}
		config += strings.Replace(clientKeysConfig(test.project, test.arguments), `"test"`, `"`+name+`"`, 1)
		checks = append(checks, isWhole("data.gitlab_error_tracking_client_keys."+name, object{
			"project": test.project, "project_id": test.projectID, "active": test.active, "keys": keys,
			"group": nil, "include_subgroups": nil, "unreadable": []string{},
		}))
	}
	gitlab.run(t, resource.TestCase{
		Steps: []resource.TestStep{{Config: gitlab.config(config), ConfigStateChecks: checks, Check: gitlab.wrote()}},
	})
}

func TestClientKeysDataSource_fails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments string
		want      []string
	}{
		"neither":                {"", []string{"Missing Attribute Configuration"}},
		"both":                   {"project = \"1\"\n  group = \"acme\"", []string{"Invalid Attribute Combination"}},
		"subgroups of a project": {"project = \"1\"\n  include_subgroups = true", []string{"Invalid Attribute Combination"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, twoProjects())
			gitlab.run(t, resource.TestCase{
				Steps: []resource.TestStep{{Config: gitlab.config(groupDataConfigs["client keys"](test.arguments)), ExpectError: expectError(test.want...)}},
			})
		})
	}
}
