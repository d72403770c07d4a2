package provider

import (
	"strconv"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// Whatever a run does, it warns of waits for the rate limit once, and not of short ones.
func TestWarnOfRateLimit(t *testing.T) {
	t.Parallel()
	keys := manyKeysConfig(5, 5, false)
	for name, test := range map[string]struct {
		config  string
		command []string
		wait    int // in seconds, that GitLab asks for
		times   int // how often
		needs   string
		want    int
	}{
		"short":                {keys, []string{"plan"}, 9, 1, "", 0},
		"refresh":              {keys, []string{"plan"}, 75, 1, "", 1},
		"one after another":    {keys, []string{"plan", "-parallelism=1"}, 12, 5, "", 1},
		"new by path":          {settingsConfig("acme/p9", "active = true"), []string{"plan"}, 75, 1, "", 1},
		"settings data":        {`data "gitlab_error_tracking_settings" "x" { project = "1" }`, []string{"plan"}, 75, 1, "", 1},
		"projects data":        {`data "gitlab_error_tracking_projects" "x" { group = "acme" }`, []string{"plan"}, 75, 1, "", 1},
		"client keys data":     {`data "gitlab_error_tracking_client_keys" "x" { project = "1" }`, []string{"plan"}, 75, 1, "", 1},
		"client key data":      {`data "gitlab_error_tracking_client_key" "x" { project = "1" }`, []string{"plan"}, 75, 1, "", 1},
		"import settings":      {settingsConfig("acme/p1", "active = true"), []string{"import", settingsAddress, "acme/p1"}, 75, 1, "", 1},
		"import a key":         {clientKeyConfig("acme/p1", ""), []string{"import", clientKeyAddress, "acme/p1"}, 75, 1, "", 1},
		"ephemeral resource":   {"ephemeral \"gitlab_error_tracking_client_key\" \"x\" {\n  project = \"1\"\n}", []string{"plan"}, 75, 1, "1.11", 1},
		"create, then destroy": {settingsConfig("acme/p9", "active = true"), []string{"apply", "-auto-approve"}, 75, 1, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needsEngine(t, test.needs)
			scenario := manyProjects(9, 1)
			gitlab := startTestbed(t, scenario)
			terraform := newCommandLine(t, gitlab, test.config)
			if test.config == keys {
				terraform.succeeds(t, "apply", "-auto-approve")
			}
			gitlab.AddFault(gitlabsim.Fault{Method: "GET", Path: "/*", Status: 429, Times: test.times, Headers: map[string]string{"Retry-After": strconv.Itoa(test.wait)}})
			output := terraform.succeeds(t, test.command...)
			once(t, output, "Warning: "+waitedForRateLimit, test.want)
			once(t, output, "similar warning", 0)
		})
	}
	t.Run("list", func(t *testing.T) {
		t.Parallel()
		for limit := range int64(2) {
			gitlab := startTestbed(t, manyProjects(9, 1))
			gitlab.AddFault(gitlabsim.Fault{Method: "GET", Path: "/*", Status: 429, Times: 2, Headers: map[string]string{"Retry-After": "60"}})
			results := gitlab.listed(t, TypeName+clientKeyType, object{"group": "acme"}, limit)
			if d := results[len(results)-1].Diagnostics; len(d) != 1 || d[0].Summary != waitedForRateLimit {
				t.Errorf("limit %d: the list ends with %+v", limit, d)
			}
		}
	})
}
