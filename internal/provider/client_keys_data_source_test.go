package provider

import (
	"fmt"
	"testing"

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
				})},
			},
			{
				Config:      gitlab.config(clientKeysConfig("99", "")),
				ExpectError: says("Cannot read the client keys of project 99", "404 Project Not Found"),
			},
		},
	})
}
