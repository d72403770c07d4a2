package provider

import (
	"slices"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// What people do in a normal month, with -refresh=false, after something has happened outside of Terraform: no key is lost,
// no message blames the provider, and once things can be seen again an ordinary apply leaves what is declared.
func TestWithoutRefresh(t *testing.T) {
	t.Parallel()
	config := func(project, active, rotated string) string {
		return settingsConfig(project, "active = "+active) + clientKeyConfig(project, `keepers = { rotated = "`+rotated+`" }`+"\n  depends_on = ["+settingsAddress+"]")
	}
	// The GitLab and the state of one apply, for all.
	first := startTestbed(t, twoProjects())
	applied := newCommandLine(t, first, config("acme/web", "true", "1"))
	applied.succeeds(t, "apply", "-auto-approve")
	state, planted := applied.stateFile(t), keyScenario()
	key := first.Keys(1)[0]
	planted.Projects[0].ClientKeys = gitlabsim.ClientKeys{key}
	planted.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
	actions := map[string]struct {
		config  string
		command []string
	}{
		"nothing":         {config("acme/web", "true", "1"), nil},
		"update":          {config("acme/web", "false", "1"), nil},
		"rotate":          {config("acme/web", "true", "2"), nil},
		"replace":         {config("acme/web", "true", "1"), []string{"-replace=" + clientKeyAddress}},
		"rename":          {strings.NewReplacer(`"test"`, `"new"`, ".test]", ".new]").Replace(config("acme/web", "true", "1")) + "moved {\n  from = " + clientKeyAddress + "\n  to   = gitlab_error_tracking_client_key.new\n}\nmoved {\n  from = " + settingsAddress + "\n  to   = gitlab_error_tracking_settings.new\n}\n", nil},
		"another project": {config("acme/shop", "true", "1"), nil},
		"move and rotate": {config("acme/shop", "true", "2"), nil},
		"by ID":           {config("1", "true", "1"), nil},
		"remove the key":  {settingsConfig("acme/web", "active = true"), nil},
		"destroy":         {config("acme/web", "true", "1"), []string{"-destroy"}},
		"more objects": {config("acme/web", "true", "1") + "import {\n  to = gitlab_error_tracking_client_key.more\n  id = \"2:9\"\n}\n" +
			strings.ReplaceAll(clientKeyConfig("2", "")+settingsConfig("2", "active = true"), `"test"`, `"more"`), nil},
	}
	const stops, hidden, ok = "Different project", "Unable to create or replace resource", ""
	all := func(result string, except map[string]string) map[string]string {
		results := map[string]string{}
		for name := range actions {
			results[name] = result
		}
		for name, result := range except {
			results[name] = result
		}
		return results
	}
	// A plan without a refresh cannot be told from an apply, so it moves nothing.
	moves := map[string]string{"another project": stops, "move and rotate": stops}
	recreated := all(stops, map[string]string{"by ID": ok, "destroy": ok})
	for name, test := range map[string]struct {
		outside func(*testbed)
		results map[string]string // the error
		gone    bool              // the project
	}{
		"nothing":          {func(*testbed) {}, all(ok, moves), false},
		"key deleted":      {func(b *testbed) { b.RemoveKey(1, key.ID) }, all(ok, moves), false},
		"settings changed": {func(b *testbed) { b.SetSettings(1, &gitlabsim.Settings{}) }, all(ok, moves), false},
		"settings removed": {func(b *testbed) { b.SetSettings(1, nil) }, all(ok, moves), false},
		"project renamed":  {func(b *testbed) { b.MoveProject(1, "acme/site") }, all(ok, moves), false},
		"project deleted":  {func(b *testbed) { b.RemoveProject(1) }, all(ok, map[string]string{"another project": stops, "move and rotate": stops, "update": "Unable to find project", "rotate": hidden, "replace": hidden}), true},
		"project recreated": {func(b *testbed) {
			b.RemoveProject(1)
			b.AddProject(gitlabsim.Project{ID: 12, Path: "acme/web"})
		}, recreated, true},
		"project hidden": {func(b *testbed) { b.SetRole(maintainer, 1, "") }, all(ok, map[string]string{"another project": stops, "move and rotate": stops, "update": "Unable to find project", "rotate": hidden, "replace": hidden}), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for action, do := range actions {
				t.Run(action, func(t *testing.T) {
					t.Parallel()
					gitlab := startTestbed(t, planted)
					test.outside(gitlab)
					terraform := newCommandLine(t, gitlab, do.config)
					terraform.write(t, "terraform.tfstate", string(state))
					output, err := terraform.run(t, append([]string{"apply", "-auto-approve", "-refresh=false"}, do.command...)...)
					want := test.results[action]
					if (err == nil) != (want == ok) || !strings.Contains(output, want) || strings.Contains(output, "bug in the provider") {
						t.Errorf("ended with %v, want %q:\n%s", err, want, output)
					}
					forgotten := strings.Contains(output, willBeForgotten)
					if name == "project hidden" {
						gitlab.SetRole(maintainer, 1, "maintainer")
					}
					if test.gone {
						return
					}
					for _, key := range gitlab.keyIDs(1) {
						if !slices.Contains(terraform.keysInState(t), key) && !forgotten {
							t.Errorf("the state does not know key %d:\n%s", key, output)
						}
					}
				})
			}
		})
	}
}
