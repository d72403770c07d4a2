package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// What the tests that drive an engine by its command line share: the provider's program is built once.
var (
	builtProvider = sync.OnceValues(buildProvider)
	builtFolder   string // of builtProvider, removed by TestMain
)

// commandLine is an engine in a working folder of a test, with the built provider and a simulated GitLab.
type commandLine struct {
	engine string
	folder string
	env    []string
}

// newCommandLine writes a configuration, without provider block, into a folder of the test. The built provider stands in
// for those at the further addresses too: an engine asks for each provider that a state names.
func newCommandLine(t *testing.T, gitlab *gitlabsim.Server, config string, standsIn ...string) commandLine {
	t.Helper()
	engine, err := enginePath()
	if err != nil {
		t.Fatal(err)
	}
	program, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	c := commandLine{engine: engine, folder: t.TempDir()}
	c.write(t, "main.tf", requiredProviders+config)
	var overrides strings.Builder
	for _, address := range append([]string{Namespace + "/" + TypeName}, standsIn...) {
		fmt.Fprintf(&overrides, "    %q = %q\n", address, filepath.ToSlash(filepath.Dir(program)))
	}
	c.write(t, "cli.tfrc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n%s  }\n  direct {}\n}\n", overrides.String()))
	c.env = append(os.Environ(),
		"TF_CLI_CONFIG_FILE="+filepath.Join(c.folder, "cli.tfrc"),
		"TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
		"GITLAB_BASE_URL="+gitlab.URL(), "GITLAB_TOKEN="+maintainer,
	)
	return c
}

// write writes a file into the working folder.
func (c commandLine) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// command is the engine with the given arguments.
func (c commandLine) command(ctx context.Context, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.engine, arguments...)
	cmd.Dir, cmd.Env = c.folder, c.env
	return cmd
}

// run runs the engine to its end and returns what it printed.
func (c commandLine) run(t *testing.T, arguments ...string) (output string, err error) {
	t.Helper()
	text, err := c.command(t.Context(), arguments...).CombinedOutput()
	return string(text), err
}

// objects returns how many objects the state has.
func (c commandLine) objects(t *testing.T) int {
	t.Helper()
	output, err := c.run(t, "state", "list")
	if err != nil && !strings.Contains(output, "No state file") {
		t.Fatalf("%v\n%s", err, output)
	}
	return strings.Count(output, TypeName+"_")
}

// keysInState returns the IDs of the client keys in the state, ascending.
func (c commandLine) keysInState(t *testing.T) []int64 {
	t.Helper()
	keys := []int64{}
	text, err := os.ReadFile(filepath.Join(c.folder, "terraform.tfstate"))
	if os.IsNotExist(err) {
		return keys
	}
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Type      string `json:"type"`
			Instances []struct {
				Attributes struct {
					KeyID int64 `json:"key_id"`
				} `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(text, &state); err != nil {
		t.Fatal(err)
	}
	for _, r := range state.Resources {
		for _, i := range r.Instances {
			if r.Type == TypeName+clientKeyType {
				keys = append(keys, i.Attributes.KeyID)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

func buildProvider() (string, error) {
	folder, err := os.MkdirTemp("", "terraform-provider-gitlab-test-")
	if err != nil {
		return "", err
	}
	builtFolder = folder
	program := filepath.Join(folder, "terraform-provider-gitlab")
	if out, err := exec.Command("go", "build", "-o", program, "../..").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the provider: %w\n%s", err, out)
	}
	return program, nil
}

// succeeds runs the engine and returns what it printed; an error ends the test.
func (c commandLine) succeeds(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := c.run(t, append([]string{arguments[0], "-no-color", "-input=false"}, arguments[1:]...)...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", arguments, err, output)
	}
	return output
}

// fails runs the engine and checks that it fails with an output that has the given texts in their order, and none
// that blames the provider.
func (c commandLine) fails(t *testing.T, texts []string, arguments ...string) {
	t.Helper()
	output, err := c.run(t, append([]string{arguments[0], "-no-color", "-input=false"}, arguments[1:]...)...)
	if err == nil || !says(texts...).MatchString(output) || strings.Contains(output, "bug in the provider") {
		t.Fatalf("%v: %v, want an error that says %q\n%s", arguments, err, texts, output)
	}
}
