package provider

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// reader is a token that can only read.
const reader = "glpat-reader-token"

// examplesGitLab is what the examples speak of: acme/web (1) and acme/shop (2). Where something is imported or found,
// acme/web has settings and client key 42.
func examplesGitLab(filled bool) gitlabsim.Scenario {
	scenario := twoProjects()
	scenario.Tokens = append(scenario.Tokens, gitlabsim.Token{Token: reader, Scopes: []string{"read_api"}, Roles: map[string]string{"*": "maintainer"}})
	if filled {
		scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
		scenario.Projects[0].ClientKeys = gitlabsim.ClientKeys{{ID: 42, PublicKey: "glet_0123456789abcdef0123456789abcdef"}}
	}
	return scenario
}

// imported are the resources that the examples of an import speak of, by the name of their folder.
var imported = map[string]string{
	"gitlab_error_tracking_settings":   "resource \"gitlab_error_tracking_settings\" \"web\" {\n  project = \"acme/web\"\n  active = true\n}\n",
	"gitlab_error_tracking_client_key": "resource \"gitlab_error_tracking_client_key\" \"web\" {\n  project = \"acme/web\"\n}\n",
}

// exampleKinds say how the examples of a kind are run, by the name of their file.
var exampleKinds = map[string]struct {
	since string // the first version of an engine that can, empty for all
	run   func(t *testing.T, folder, text string)
}{
	"provider.tf":               {run: applyProviderExample},
	"resource.tf":               {run: applyExample},
	"data-source.tf":            {run: readExample},
	"action.tf":                 {"1.16", actionExample},
	"ephemeral-resource.tf":     {"1.11", ephemeralExample},
	"function.tf":               {"1.8", applyExample},
	"import.sh":                 {run: importExample},
	"import-by-string-id.tf":    {run: importBlockExample},
	"import-by-identity.tf":     {"1.12", importBlockExample},
	"list-resource.tfquery.hcl": {"1.14", queryExample},
	"main.tf":                   {run: demoExample},
	"find.tfquery.hcl":          {"1.14", demoQueryExample},
	"test-event.tf":             {"1.14", demoActionExample},
}

// Each example does what it says, alone.
func TestExamples(t *testing.T) {
	t.Parallel()
	examples := os.DirFS("../../examples")
	err := fs.WalkDir(examples, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return nil
		}
		text, err := fs.ReadFile(examples, name)
		if err != nil {
			return err
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind, ok := exampleKinds[path.Base(name)]
			if !ok {
				t.Fatal("nothing runs this file")
			}
			needsEngine(t, kind.since)
			kind.run(t, path.Base(path.Dir(name)), string(text))
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func applyExample(t *testing.T, _, text string) {
	gitlab := startTestbed(t, examplesGitLab(false))
	terraform := newCommandLine(t, gitlab, text)
	terraform.applyTwice(t)
	terraform.destroy(t)
}

// actionExample applies an example that sends an event, and sends another one by hand.
func actionExample(t *testing.T, folder, text string) {
	needsActions(t, "1.16")
	gitlab := startTestbed(t, examplesGitLab(false))
	gitlab.SetDSNBaseURL(gitlab.URL())
	terraform := newCommandLine(t, gitlab, text)
	terraform.applyTwice(t)
	terraform.succeeds(t, "apply", "-auto-approve", "-invoke=action."+folder+".web")
	if events := gitlab.Events(); len(events) != 2 {
		t.Errorf("the collector has %d events, want 2: %+v", len(events), events)
	}
	terraform.destroy(t)
}

// readExample applies an example that only reads what GitLab has.
func readExample(t *testing.T, _, text string) {
	gitlab := startTestbed(t, examplesGitLab(true))
	terraform := newCommandLine(t, gitlab, text)
	terraform.applyTwice(t)
	if writes := gitlab.writes(); len(writes) > 0 {
		t.Errorf("the example wrote: %q", writes)
	}
}

// ephemeralExample applies an example that hands a DSN to another provider.
func ephemeralExample(t *testing.T, _, text string) {
	gitlab := startTestbed(t, examplesGitLab(true))
	terraform := newCommandLine(t, gitlab, text)
	terraform.useOtherProviders(t, text)
	terraform.applyTwice(t)
	dsn := gitlab.DSN(1, gitlab.Keys(1)[0].PublicKey)
	if consumed := terraform.consumed(t); len(consumed) != 1 || !strings.Contains(consumed[0], dsn) {
		t.Errorf("another provider got %q, want %s", consumed, dsn)
	}
	secrets{dsn}.notIn(t, "the state", string(terraform.stateFile(t)))
	terraform.destroy(t)
}

// applyProviderExample applies an example that names the provider itself.
func applyProviderExample(t *testing.T, _, text string) {
	gitlab := startTestbed(t, examplesGitLab(false))
	terraform := newCommandLine(t, gitlab, "")
	terraform.write(t, "main.tf", text)
	terraform.applyTwice(t)
	terraform.destroy(t)
}

// demoGitLab is what the configuration of the demo expects: a key of acme/shop that somebody made by hand.
func demoGitLab(t *testing.T) *testbed {
	t.Helper()
	scenario := twoProjects()
	scenario.Projects[1].ClientKeys = gitlabsim.ClientKeys{{ID: 7, PublicKey: "glet_0123456789abcdef0123456789abcdef"}}
	return startTestbed(t, scenario)
}

func demoExample(t *testing.T, _, text string) {
	gitlab := demoGitLab(t)
	terraform := newCommandLine(t, gitlab, "")
	terraform.write(t, "main.tf", text)
	terraform.applyTwice(t)
	terraform.destroy(t)
}

func demoQueryExample(t *testing.T, _, text string) {
	gitlab := demoGitLab(t)
	terraform := newCommandLine(t, gitlab, "provider \"gitlab\" {}\n")
	terraform.write(t, "find.tfquery.hcl", text)
	if output := terraform.succeeds(t, "query"); !strings.Contains(output, "acme/shop · key 7") {
		t.Errorf("the query did not find the key:\n%s", output)
	}
}

func demoActionExample(t *testing.T, _, text string) {
	needsActions(t, "1.14")
	gitlab := demoGitLab(t)
	gitlab.SetDSNBaseURL(gitlab.URL())
	config, err := os.ReadFile("../../examples/demo/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	terraform := newCommandLine(t, gitlab, "")
	terraform.write(t, "main.tf", string(config))
	terraform.write(t, "test-event.tf", text)
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.succeeds(t, "apply", "-auto-approve", "-invoke=action.gitlab_error_tracking_send_test_event.web")
	if events := gitlab.Events(); len(events) != 1 || events[0].ProjectID != 1 {
		t.Errorf("the collector has %+v, want one event of project 1", events)
	}
	terraform.destroy(t)
}

func importBlockExample(t *testing.T, folder, text string) {
	gitlab := startTestbed(t, examplesGitLab(true))
	terraform := newCommandLine(t, gitlab, imported[folder]+text)
	terraform.applyTwice(t)
	if writes := gitlab.writes(); len(writes) > 0 {
		t.Errorf("the import wrote: %q", writes)
	}
	terraform.destroy(t)
}

// importExample runs each command of a script by itself.
func importExample(t *testing.T, folder, text string) {
	commands := 0
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", "")) {
		arguments, ok := strings.CutPrefix(strings.TrimSpace(line), "terraform import ")
		if !ok {
			continue
		}
		commands++
		gitlab := startTestbed(t, examplesGitLab(true))
		terraform := newCommandLine(t, gitlab, imported[folder])
		if output, err := terraform.run(t, append([]string{"import"}, strings.Fields(arguments)...)...); err != nil {
			t.Errorf("%s%v\n%s", line, err, output)
			continue
		}
		terraform.changesNothing(t)
		if writes := gitlab.writes(); len(writes) > 0 {
			t.Errorf("%swrote: %q", line, writes)
		}
	}
	if commands == 0 {
		t.Error("the script imports nothing")
	}
}

func queryExample(t *testing.T, folder, text string) {
	gitlab := startTestbed(t, examplesGitLab(true))
	terraform := newCommandLine(t, gitlab, "provider \"gitlab\" {}\n")
	terraform.write(t, "example.tfquery.hcl", text)
	output, err := terraform.run(t, "query")
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if lists := strings.Count(text, "list \""+folder+"\""); lists == 0 || strings.Count(output, "acme/web") != lists {
		t.Errorf("not each of the %d lists found what is there:\n%s", lists, output)
	}
	if writes := gitlab.writes(); len(writes) > 0 {
		t.Errorf("the query wrote: %q", writes)
	}
}
