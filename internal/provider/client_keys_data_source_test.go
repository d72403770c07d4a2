package provider

import (
	"fmt"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

const clientKeysAddress = "data.gitlab_error_tracking_client_keys.test"

func clientKeysConfig(project, arguments string) string {
	return fmt.Sprintf("data \"gitlab_error_tracking_client_keys\" \"test\" {\n  project = %q\n  %s\n}\n", project, arguments)
}

func TestClientKeysDataSource(t *testing.T) {
	t.Parallel()
	for arguments, test := range map[string]struct {
		active any
		keys   []int64
	}{
		"":               {nil, []int64{3, 7, 8}},
		"active = true":  {true, []int64{7, 8}},
		"active = false": {false, []int64{3}},
	} {
		t.Run(arguments, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, inactiveScenario())
			keys := []object{}
			for _, id := range test.keys {
				keys = append(keys, gitlab.clientKeyData("acme/web", id))
			}
			gitlab.run(t, resource.TestCase{
				Steps: []resource.TestStep{{
					Config: gitlab.config(clientKeysConfig("acme/web", arguments)),
					ConfigStateChecks: []statecheck.StateCheck{isWhole(clientKeysAddress, object{
						"project": "acme/web", "project_id": 1, "active": test.active, "keys": keys,
						"group": nil, "include_subgroups": nil, "unreadable": []string{},
					})},
					Check: gitlab.wrote(),
				}},
			})
		})
	}
}

func TestClientKeysDataSource_none(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	gitlab.run(t, resource.TestCase{
		Steps: []resource.TestStep{
			{
				Config: gitlab.config(clientKeysConfig("2", "")),
				ConfigStateChecks: []statecheck.StateCheck{isWhole(clientKeysAddress, object{
					"project": "2", "project_id": 2, "active": nil, "keys": []object{},
					"group": nil, "include_subgroups": nil, "unreadable": []string{},
				})},
			},
			{
				Config:      gitlab.config(clientKeysConfig("99", "")),
				ExpectError: expectError("Unable to find project", "Project 99: ", "404 Project Not Found"),
			},
		},
	})
}

func TestClientKeysDataSource_group(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments string
		want      object
		keys      []string // "project ID key"
		hidden    bool     // the token may read neither acme/web nor acme/shop
	}{
		"with subgroups": {
			`group = "acme"`, object{"group": "acme"},
			[]string{"acme/web 1 7", "acme/web 1 8", "acme/shop 2 9", "acme/sub/api 3 5"}, false,
		},
		"without subgroups": {
			"group = \"1\"\n  include_subgroups = false", object{"group": "1", "include_subgroups": false},
			[]string{"acme/web 1 7", "acme/web 1 8", "acme/shop 2 9"}, false,
		},
		"inactive keys": {
			"group = \"acme\"\n  active = false", object{"group": "acme", "active": false}, []string{"acme/sub/api 3 5"}, false,
		},
		"unreadable": {
			`group = "acme"`, object{"group": "acme", "unreadable": []string{"acme/web", "acme/shop"}}, []string{"acme/sub/api 3 5"}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, groupScenario())
			keys := []object{}
			for _, row := range test.keys {
				var project string
				var projectID, keyID int64
				if _, err := fmt.Sscan(row, &project, &projectID, &keyID); err != nil {
					t.Fatal(err)
				}
				key := gitlab.clientKeyObject(project, projectID, keyID)
				delete(key, "keepers")
				keys = append(keys, key)
			}
			if test.hidden {
				gitlab.SetRole(maintainer, 1, "developer")
				gitlab.AddFault(gitlabsim.Fault{Path: "/projects/2/*", Status: 404, Body: `{"message":"404 Project Not Found"}`})
			}
			none := object{"project": nil, "project_id": nil, "include_subgroups": nil, "active": nil, "keys": keys, "unreadable": []string{}}
			gitlab.run(t, resource.TestCase{
				Steps: []resource.TestStep{{
					Config:            gitlab.config(groupDataConfigs["client keys"](test.arguments)),
					ConfigStateChecks: []statecheck.StateCheck{isWhole(clientKeysAddress, none.with(test.want))},
					Check:             gitlab.wrote(),
				}},
			})
		})
	}
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
