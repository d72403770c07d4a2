package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/provider"
	"github.com/hashicorp/go-version"
)

// engine is a Terraform or OpenTofu in a working folder.
type engine struct {
	path, product string
	version       *version.Version
	folder        string // has the working folder and the provider
	env           []string
	log           io.Writer // gets all output
}

// String returns the product and its version.
func (e *engine) String() string { return e.product + " " + e.version.String() }

// name returns the name of the command.
func (e *engine) name() string {
	if e.product == "OpenTofu" {
		return "tofu"
	}
	return "terraform"
}

const needsQuery = "terraform query needs Terraform 1.14 or newer."

// hasQueries and hasActions report what the engine can do. Terraform has both since 1.14.
func (e *engine) hasQueries() bool { return e.hasActions() }

func (e *engine) hasActions() bool {
	return e.product == "Terraform" && e.version.GreaterThanOrEqual(version.Must(version.NewVersion("1.14.0")))
}

// findEngine returns the engine of TF_ACC_TERRAFORM_PATH or internal/cmd/engine. Its environment has the simulated GitLab and
// a CLI configuration with the provider of the checkout, and none of the user's settings for Terraform and GitLab.
func findEngine(ctx context.Context, folder, gitlabURL string, verbose bool) (*engine, error) {
	e := &engine{path: os.Getenv("TF_ACC_TERRAFORM_PATH"), folder: folder, log: io.Discard}
	if verbose {
		e.log = os.Stdout
	}
	if e.path == "" {
		find := exec.CommandContext(ctx, "go", "run", "./internal/cmd/engine")
		find.Stderr = os.Stderr
		path, err := find.Output()
		if err != nil {
			return nil, fmt.Errorf("finding an engine: %w", err)
		}
		e.path = strings.TrimSpace(string(path))
	}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "TF_") && !strings.HasPrefix(entry, "GITLAB_") {
			e.env = append(e.env, entry)
		}
	}
	config := filepath.Join(folder, "terraform.rc")
	e.env = append(e.env, "GITLAB_BASE_URL="+gitlabURL, "GITLAB_TOKEN="+token, "TF_CLI_CONFIG_FILE="+config,
		"TF_CLI_ARGS=-no-color", "TF_INPUT=0", "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	mirror := fmt.Sprintf("provider_installation {\n  filesystem_mirror { path = %q }\n}\n", e.mirror())
	if err := os.WriteFile(config, []byte(mirror), 0o600); err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(folder, "work"), 0o700); err != nil {
		return nil, err
	}

	said, err := exec.CommandContext(ctx, e.path, "version").Output()
	if err != nil {
		return nil, fmt.Errorf("%s version: %w", e.path, err)
	}
	match := regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(\S+)`).FindSubmatch(said)
	if match == nil {
		return nil, fmt.Errorf("%s is neither Terraform nor OpenTofu", e.path)
	}
	e.product = string(match[1])
	e.version, err = version.NewVersion(string(match[2]))
	return e, err
}

// mirror returns where Terraform looks for the provider.
func (e *engine) mirror() string { return filepath.ToSlash(filepath.Join(e.folder, "mirror")) }

// buildProvider builds the provider of the checkout into the mirror
// (https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror).
func (e *engine) buildProvider(ctx context.Context) error {
	const version = "0.0.1"
	host := provider.Hostname
	if e.product == "OpenTofu" {
		host = "registry.opentofu.org"
	}
	binary := filepath.Join(e.mirror(), host, provider.Namespace, provider.TypeName, version,
		runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-gitlab_v"+version)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-X main.version="+version, "-o", binary, ".")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, output)
	}
	return nil
}

// write writes a file into the working folder.
func (e *engine) write(name, text string) error {
	return os.WriteFile(filepath.Join(e.folder, "work", name), []byte(text), 0o600)
}

// run runs the engine and returns its output. An interrupt leaves it time to stop the provider.
func (e *engine) run(ctx context.Context, arguments ...string) (string, error) {
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, e.path, arguments...)
	cmd.Dir, cmd.Env = filepath.Join(e.folder, "work"), e.env
	cmd.Stdout = io.MultiWriter(&output, e.log)
	cmd.Stderr = cmd.Stdout
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, &output)
	}
	return output.String(), nil
}
