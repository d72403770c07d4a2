package provider

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// The tests in this file look at GitLab through the provider alone. They run on the simulator, and with TF_ACC on the
// real GitLab that GITLAB_BASE_URL, GITLAB_TOKEN and GITLAB_GROUP name; see startGitLab.

func TestLifecycle(t *testing.T) {
	t.Parallel()
	gitlab := startGitLab(t)
	config := func(active bool, project, rotated string) string {
		return gitlab.block + settingsConfig(project, fmt.Sprintf("active = %t\n  integrated = true", active)) + fmt.Sprintf(`
resource "gitlab_error_tracking_client_key" "test" {
  project = gitlab_error_tracking_settings.test.project
  keepers = { rotated = %q }
  lifecycle {
    create_before_destroy = true
  }
}
data "gitlab_error_tracking_settings" "test" {
  project    = %q
  depends_on = [gitlab_error_tracking_settings.test]
}
`, rotated, gitlab.projectID)
	}
	same := func(name, value string) resource.TestCheckFunc {
		return resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckResourceAttr(settingsAddress, name, value),
			resource.TestCheckResourceAttr("data."+settingsAddress, name, value),
		)
	}
	var first, second string
	gitlab.run(t, resource.TestCase{
		Steps: []resource.TestStep{
			{
				Config: config(true, gitlab.project, "1"),
				Check: resource.ComposeAggregateTestCheckFunc(
					same("active", "true"), same("integrated", "true"), same("project_id", gitlab.projectID),
					resource.TestCheckResourceAttr(clientKeyAddress, "active", "true"),
					resource.TestMatchResourceAttr(clientKeyAddress, "public_key", regexp.MustCompile(`^glet_[0-9a-f]{32}$`)),
					resource.TestMatchResourceAttr(clientKeyAddress, "sentry_dsn", regexp.MustCompile(`^https?://glet_[0-9a-f]{32}@`)),
					resource.TestCheckResourceAttrWith(clientKeyAddress, "key_id", func(id string) error { first = id; return nil }),
				),
			},
			{ResourceName: settingsAddress, ImportState: true, ImportStateId: gitlab.project, ImportStateVerify: true},
			{
				ResourceName: clientKeyAddress, ImportState: true,
				ImportStateIdFunc: func(*terraform.State) (string, error) { return gitlab.project + ":" + first, nil },
				ImportStateVerify: true, ImportStateVerifyIgnore: []string{"keepers"},
			},
			{
				Config:           config(true, gitlab.project, "2"),
				ConfigPlanChecks: keyPlanned(plancheck.ResourceActionCreateBeforeDestroy),
				Check: resource.TestCheckResourceAttrWith(clientKeyAddress, "key_id", func(id string) error {
					if second = id; second == first {
						return fmt.Errorf("the key is still %s", first)
					}
					return nil
				}),
			},
			{
				Config:           config(false, gitlab.projectID, "2"),
				ConfigPlanChecks: keyPlanned(plancheck.ResourceActionNoop),
				Check: resource.ComposeAggregateTestCheckFunc(
					same("active", "false"),
					resource.TestCheckResourceAttrWith(clientKeyAddress, "key_id", func(id string) error {
						if id != second {
							return fmt.Errorf("the key was %s and is %s", second, id)
						}
						return nil
					}),
				),
			},
		},
	})
}

func keyPlanned(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(clientKeyAddress, action)}}
}

// Client keys work whatever the settings and the feature flag.
func TestLifecycle_clientKeys(t *testing.T) {
	t.Parallel()
	gitlab := startGitLab(t)
	config := func(count int) string {
		return gitlab.block + fmt.Sprintf(`
resource "gitlab_error_tracking_client_key" "test" {
  count   = %d
  project = %q
}
data "gitlab_error_tracking_client_keys" "test" {
  project    = %q
  depends_on = [gitlab_error_tracking_client_key.test]
}
`, count, gitlab.project, gitlab.projectID)
	}
	counted := func(count string) resource.TestCheckFunc {
		return resource.TestCheckResourceAttr("data.gitlab_error_tracking_client_keys.test", "keys.#", count)
	}
	gitlab.run(t, resource.TestCase{
		Steps: []resource.TestStep{
			{Config: config(3), Check: counted("3")},
			{Config: config(1), Check: counted("1")},
			{
				ResourceName: clientKeyAddress + "[0]", ImportState: true,
				ImportStateIdFunc: func(s *terraform.State) (string, error) {
					return s.RootModule().Resources[clientKeyAddress+".0"].Primary.Attributes["sentry_dsn"], nil
				},
				ImportStateVerify: true, ImportStateVerifyIgnore: []string{"project"},
			},
		},
	})
}

// Settings leave no key of their own, however they are saved, and a key that a resource declares is the only one.
func TestLifecycle_keysOfSettings(t *testing.T) {
	t.Parallel()
	gitlab := startGitLab(t)
	step := func(active bool, keys int) resource.TestStep {
		return resource.TestStep{
			Config: gitlab.block + settingsConfig(gitlab.project, fmt.Sprintf("active = %t\n  integrated = true", active)) + fmt.Sprintf(`
resource "gitlab_error_tracking_client_key" "test" {
  count   = %d
  project = %q
}
data "gitlab_error_tracking_client_keys" "test" {
  project    = %q
  depends_on = [gitlab_error_tracking_settings.test, gitlab_error_tracking_client_key.test]
}
`, keys, gitlab.project, gitlab.project),
			Check: resource.TestCheckResourceAttr("data.gitlab_error_tracking_client_keys.test", "keys.#", fmt.Sprint(keys)),
		}
	}
	gitlab.run(t, resource.TestCase{
		Steps: []resource.TestStep{step(true, 0), step(false, 0), step(true, 1), step(true, 0)},
	})
}

// Settings that a resource leaves behind are what the next one finds and restores.
func TestLifecycle_takeOver(t *testing.T) {
	t.Parallel()
	gitlab := startGitLab(t)
	settings := func(name string, active bool, onDestroy string) string {
		return gitlab.block + fmt.Sprintf(`
resource "gitlab_error_tracking_settings" %q {
  project    = %q
  active     = %t
  integrated = true
  on_destroy = %q
}
`, name, gitlab.project, active, onDestroy)
	}
	found := func(active string) resource.TestStep {
		return resource.TestStep{
			Config: gitlab.block + settingsDataConfig(gitlab.project),
			Check:  resource.TestCheckResourceAttr("data."+settingsAddress, "active", active),
		}
	}
	// A data source next to it would be read before the resource is destroyed.
	nothing := resource.TestStep{Config: gitlab.block}
	gitlab.run(t, resource.TestCase{
		Steps: []resource.TestStep{
			{Config: settings("first", true, onDestroyKeep)}, nothing, found("true"),
			{Config: settings("second", false, onDestroyRestore)}, nothing, found("true"),
			{Config: settings("third", true, onDestroyDeactivate)}, nothing, found("false"),
		},
	})
}

// An error says what cannot be imported and what GitLab has.
func TestLifecycle_importFails(t *testing.T) {
	t.Parallel()
	gitlab := startGitLab(t)
	attempt := func(address, id string, want ...string) resource.TestStep {
		return resource.TestStep{
			Config:       gitlab.block + settingsConfig(gitlab.project, "active = false") + clientKeyConfig(gitlab.project, ""),
			ResourceName: address, ImportState: true, ImportStateId: id,
			ExpectError: expectError(want...),
		}
	}
	gitlab.run(t, resource.TestCase{
		Steps: []resource.TestStep{
			attempt(settingsAddress, gitlab.project, "Unable to read error tracking settings", "has no error tracking settings"),
			attempt(settingsAddress, gitlab.project+"-gone", "Unable to find project", "404 Project Not Found"),
			attempt(clientKeyAddress, gitlab.project+":1", "Client key not found", "has no client key 1.", "has no client keys"),
			attempt(clientKeyAddress, gitlab.project, "Unable to import client key", "has no active client key"),
		},
	})
}
