package provider

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/google/go-cmp/cmp"
)

var writtenRelease = flag.String("states", "", "write the state of this release below testdata/states")

// statesFolder has a folder for each release: main.tf, the GitLab that it was applied to, and the state that Terraform and
// OpenTofu then had, by the version that wrote it.
const statesFolder = "testdata/states"

// TestUpgrade plans with the states that releases wrote.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	if *writtenRelease != "" {
		writeState(t, filepath.Join(statesFolder, *writtenRelease))
	}
	states := statesOfReleases(t)
	if len(states) == 0 {
		skip(t, "a state that this version or an older one wrote")
	}
	for _, state := range states {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			terraform, gitlab, found := withState(t, state)
			terraform.upgrades(t, gitlab, found)
		})
	}
}

// statesOfReleases lists the states that the engine can read. It can lack what a newer one writes, and its plan then has
// changes of its own.
func statesOfReleases(t *testing.T) []string {
	t.Helper()
	var states []string
	files, err := filepath.Glob(filepath.Join(statesFolder, "*", strings.ToLower(testEngine.Product)+"-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, writer, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".json"), "-"); testEngine.AtLeast(writer) {
			states = append(states, file)
		}
	}
	return states
}

// writeState applies a release's configuration and keeps the state.
func writeState(t *testing.T, release string) {
	t.Helper()
	terraform := newCommandLine(t, startTestbed(t, foundBy(t, release)), readText(t, filepath.Join(release, "main.tf")))
	terraform.applyTwice(t)
	version := testEngine.Version.Segments()
	name := fmt.Sprintf("%s-%d.%d.json", strings.ToLower(testEngine.Product), version[0], version[1])
	if err := os.WriteFile(filepath.Join(release, name), terraform.stateFile(t), 0o600); err != nil {
		t.Fatal(err)
	}
}

// foundBy is the GitLab that a release's configuration was applied to.
func foundBy(t *testing.T, release string) gitlabsim.Scenario {
	t.Helper()
	scenario, err := gitlabsim.ReadScenario(strings.NewReader(readText(t, filepath.Join(release, "gitlab.json"))))
	if err != nil {
		t.Fatal(err)
	}
	return scenario
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// withState returns an engine with the configuration and the state of a release, the GitLab that has what the state says,
// and what the release found there.
func withState(t *testing.T, state string) (*commandLine, *testbed, gitlabsim.Scenario) {
	t.Helper()
	release := filepath.Dir(state)
	found := foundBy(t, release)
	gitlab := startTestbed(t, gitlabsim.Scenario{Tokens: found.Tokens})
	terraform := newCommandLine(t, gitlab, readText(t, filepath.Join(release, "main.tf")))
	terraform.write(t, "terraform.tfstate", readText(t, state))
	projects := map[int64]*gitlabsim.Project{}
	for _, p := range found.Projects {
		projects[p.ID] = &gitlabsim.Project{ID: p.ID, Path: p.Path}
	}
	for _, o := range terraform.objectsInState(t) {
		var in struct {
			ProjectID  int64  `json:"project_id"`
			KeyID      int64  `json:"key_id"`
			PublicKey  string `json:"public_key"`
			Active     bool   `json:"active"`
			Integrated bool   `json:"integrated"`
		}
		if err := json.Unmarshal([]byte(jsonText(o)), &in); err != nil {
			t.Fatal(err)
		}
		project := projects[in.ProjectID]
		if in.KeyID == 0 {
			project.Settings = &gitlabsim.Settings{Active: in.Active, Integrated: in.Integrated}
		} else {
			project.ClientKeys = append(project.ClientKeys, gitlabsim.ClientKey{ID: in.KeyID, PublicKey: in.PublicKey})
		}
	}
	for _, p := range projects {
		gitlab.AddProject(*p)
	}
	return terraform, gitlab, found
}

// upgrades checks that the state of another release needs no change, and that a destroy leaves GitLab's
// settings as that release found them.
func (c *commandLine) upgrades(t *testing.T, gitlab *testbed, found gitlabsim.Scenario) {
	t.Helper()
	c.changesNothing(t)
	c.destroy(t)
	for _, project := range found.Projects {
		if row, _ := gitlab.Settings(project.ID); !cmp.Equal(&row, project.Settings) {
			t.Errorf("the destroy leaves %s the settings %+v, want %+v", project.Path, row, project.Settings)
		}
		if keys := gitlab.Keys(project.ID); len(keys) > 0 {
			t.Errorf("the destroy leaves %s the keys %+v", project.Path, keys)
		}
	}
}
