package provider

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/google/go-cmp/cmp"
)

// original returns what the private state of the settings in the state remembers.
func (c *commandLine) original(t *testing.T) (o originalSettings) {
	t.Helper()
	var state struct {
		Resources []struct {
			Instances []struct {
				Private string `json:"private"`
			} `json:"instances"`
		} `json:"resources"`
	}
	var private map[string]string
	if err := json.Unmarshal(c.stateFile(t), &state); err != nil {
		t.Fatal(err)
	}
	decode := func(text string, into any) {
		value, err := base64.StdEncoding.DecodeString(text)
		if err == nil {
			err = json.Unmarshal(value, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	decode(state.Resources[0].Instances[0].Private, &private)
	decode(private[originalKey], &o)
	return o
}

// By default a destroy undoes what Terraform did, and no more. Without a refresh it is the same: what is set back is what the
// writes found in GitLab, whatever the state said.
func TestSettingsRestore(t *testing.T) {
	t.Parallel()
	sentry := gitlabsim.Settings{Active: true, APIURL: new("https://sentry.example.com/api/0/projects/o/p/")}
	off, on, neither := gitlabsim.Settings{Integrated: true}, gitlabsim.Settings{Active: true, Integrated: true}, gitlabsim.Settings{}
	for name, test := range map[string]struct {
		before   *gitlabsim.Settings
		imported bool
		steps    []string            // arguments, applied one after another
		outside  *gitlabsim.Settings // before the last step
		later    *gitlabsim.Settings // after it
		after    gitlabsim.Settings  // the destroy
	}{
		"new":                             {steps: []string{"active = true"}, after: off},
		"new, then changed":               {steps: []string{"active = true", "active = false", "active = true"}, after: off},
		"adopted, inactive":               {before: &off, steps: []string{"active = true"}, after: off},
		"adopted, as wanted":              {before: &on, steps: []string{"active = true"}, after: on},
		"adopted, Sentry":                 {before: &sentry, steps: []string{"active = true\n  integrated = true"}, after: sentry},
		"adopted, then changed":           {before: &on, steps: []string{"active = true", "active = false"}, after: on},
		"imported":                        {before: &on, imported: true, steps: []string{"active = true"}, after: on},
		"imported, then changed":          {before: &on, imported: true, steps: []string{"active = true", "active = false"}, after: on},
		"changed outside before a write":  {before: &sentry, imported: true, steps: []string{"active = true", "active = true\n  integrated = true"}, outside: &gitlabsim.Settings{APIURL: sentry.APIURL}, after: gitlabsim.Settings{APIURL: sentry.APIURL}},
		"changed outside to what a write": {before: &off, imported: true, steps: []string{"active = false", "active = true"}, outside: &on, after: on},

		"adopted, backend later":          {before: &sentry, steps: []string{"active = true", "active = true\n  integrated = true"}, after: sentry},
		"adopted, backend and activation": {before: &sentry, steps: []string{"active = true\n  integrated = true", "active = false\n  integrated = true"}, after: sentry},
		"adopted, there and back":         {before: &on, steps: []string{"active = false", "active = true"}, after: on},
		"adopted, as nobody wants it":     {before: &neither, steps: []string{"active = true\n  integrated = true"}, after: neither},
		"nothing changed, then outside":   {before: &on, steps: []string{"active = true"}, later: &off, after: off},
		"deactivate":                      {before: &on, steps: []string{"active = true\n  on_destroy = \"deactivate\""}, after: off},
		"keep":                            {steps: []string{"active = true\n  on_destroy = \"keep\""}, after: on},
		"keep what was changed":           {before: &on, steps: []string{"active = false\n  on_destroy = \"keep\""}, after: off},
	} {
		for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
			if refresh == "-refresh=true" && test.outside == nil && test.later == nil {
				continue // It finds what the state says.
			}
			t.Run(name+" "+refresh, func(t *testing.T) {
				t.Parallel()
				scenario := twoProjects()
				scenario.Projects[0].Settings = test.before
				gitlab := startTestbed(t, scenario)
				terraform := newCommandLine(t, gitlab, "")
				for n, arguments := range test.steps {
					terraform.write(t, "main.tf", requiredProviders+settingsConfig("1", arguments))
					if n == 0 && test.imported {
						terraform.succeeds(t, "import", settingsAddress, "1")
					}
					if n == len(test.steps)-1 && test.outside != nil {
						gitlab.SetSettings(1, test.outside)
					}
					terraform.succeeds(t, "apply", "-auto-approve", refresh)
				}
				if test.later != nil {
					gitlab.SetSettings(1, test.later)
				}
				terraform.succeeds(t, "apply", "-destroy", "-auto-approve", refresh)
				if row, _ := gitlab.Settings(1); !cmp.Equal(row, test.after) || len(gitlab.Keys(1)) > 0 {
					t.Errorf("after the destroy GitLab has %+v and the keys %v, want %+v", row, gitlab.Keys(1), test.after)
				}
			})
		}
	}
}

// A state of the old default is an update in place, and nothing in GitLab changes.
func TestSettingsRestore_upgrade(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	terraform := newCommandLine(t, gitlab, settingsConfig("acme/web", "active = true\n  on_destroy = \"deactivate\""))
	terraform.succeeds(t, "apply", "-auto-approve")
	gitlab.ClearRequests()
	terraform.write(t, "main.tf", requiredProviders+settingsConfig("acme/web", "active = true"))
	output := terraform.succeeds(t, "apply", "-auto-approve")
	if !hasInOrder(output, `~ on_destroy = "deactivate" -> "restore"`, "Plan: 0 to add, 1 to change, 0 to destroy") || len(gitlab.writes()) > 0 {
		t.Errorf("the plan is not of an update in place, or wrote %q:\n%s", gitlab.writes(), output)
	}
	if o := terraform.original(t); o.Existed {
		t.Errorf("the update changed what is restored: %+v", o)
	}
}

// The settings are replaced by others that find what Terraform set: the warning has the values that restore would have set.
func TestSettingsRestore_replaced(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before *gitlabsim.Settings
		says   []string
	}{
		"new":              {nil, []string{"Before Terraform: the project had no settings."}},
		"inactive":         {&gitlabsim.Settings{Integrated: true}, []string{"Before Terraform: active = false, integrated = true."}},
		"another backend":  {&gitlabsim.Settings{Active: true, APIURL: new("https://sentry.example.com/api/0/projects/o/p/")}, []string{"Before Terraform: active = true, integrated = false."}},
		"nothing to reset": {&gitlabsim.Settings{Active: true, Integrated: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := twoProjects()
			scenario.Projects[0].Settings = test.before
			gitlab := startTestbed(t, scenario)
			terraform := newCommandLine(t, gitlab, settingsConfig("1", "active = true\n  integrated = true\n  lifecycle { create_before_destroy = true }"))
			terraform.succeeds(t, "apply", "-auto-approve")
			output := terraform.succeeds(t, "apply", "-auto-approve", "-replace="+settingsAddress)
			if len(test.says) > 0 != strings.Contains(output, settingsKept) || !hasInOrder(output, append(test.says, "Apply complete")[:len(test.says)]...) {
				t.Errorf("the apply does not say %q:\n%s", test.says, output)
			}
			if row, _ := gitlab.Settings(1); !row.Active || !row.Integrated {
				t.Errorf("GitLab has %+v", row)
			}
		})
	}
}

// An update whose response is lost may have changed something: a later destroy sets that back.
func TestSettingsRestore_unclearUpdate(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	scenario.Projects[0].Settings = &gitlabsim.Settings{Integrated: true}
	gitlab := startTestbed(t, scenario)
	config := func(active string) string { return settingsConfig("acme/web", "active = "+active) }
	terraform := newCommandLine(t, gitlab, config("false"))
	terraform.succeeds(t, "apply", "-auto-approve")
	front := blindAfterWrite(t, gitlab)
	gitlab.AddFault(gitlabsim.Fault{Method: "PATCH", Path: "/*", Status: 502, After: true})
	terraform.write(t, "main.tf", requiredProviders+"provider \"gitlab\" {\n  base_url = \""+front+"\"\n  retries = 1\n}\n"+config("true"))
	terraform.fails(t, []string{"Unable to save error tracking settings"}, "apply", "-auto-approve")
	gitlab.ClearFaults()
	terraform.write(t, "main.tf", requiredProviders+config("true"))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.destroy(t)
	if row, _ := gitlab.Settings(1); row.Active {
		t.Errorf("GitLab has %+v, want the settings from before Terraform", row)
	}
}

// Active Sentry settings are adopted and switched to GitLab. Somebody deactivates them, Terraform activates them again. A
// destroy goes back to what was found before the first write: active, with the Sentry.
func TestRestore_goesBackToBeforeTheFirstWriteInSpiteOfDrift(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	url := "https://sentry.example.com/api/0/projects/o/p/"
	scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, APIURL: &url}
	gitlab := startTestbed(t, scenario)
	terraform := newCommandLine(t, gitlab, settingsConfig("acme/web", "active = true\n  integrated = true"))
	terraform.succeeds(t, "apply", "-auto-approve")
	gitlab.SetSettings(1, &gitlabsim.Settings{Integrated: true, APIURL: &url})
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.destroy(t)
	if err := gitlab.hasSettings(1, true, false)(nil); err != nil {
		t.Error(err)
	}
}
