package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/provider"
	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"
)

// querySince is the first Terraform with the command query.
var querySince = version.Must(version.NewVersion("1.14.0"))

// providerVersion is the version under which the provider stands in the mirror.
const providerVersion = "0.0.1"

// isolate sets this process's environment for Terraform: the simulated GitLab, and none of the user's own settings for
// Terraform or GitLab. An empty CLI configuration in folder keeps a development override from taking the place of the
// provider built here.
func isolate(folder, gitlabURL, token string) error {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "TF_") || strings.HasPrefix(name, "GITLAB_") {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	config := filepath.Join(folder, "terraform.rc")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		return err
	}
	for name, value := range map[string]string{
		"GITLAB_BASE_URL":    gitlabURL,
		"GITLAB_TOKEN":       token,
		"TF_CLI_CONFIG_FILE": config,
		"CHECKPOINT_DISABLE": "1",
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// buildMirror builds the provider from the current folder into dir, laid out as a filesystem mirror for `terraform init`
// (https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror). The host is the registry of the
// engine.
func buildMirror(ctx context.Context, dir, host string) error {
	binary := filepath.Join(dir, host, provider.Namespace, provider.TypeName, providerVersion,
		runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-gitlab_v"+providerVersion)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath",
		"-ldflags", "-X main.version="+providerVersion, "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// findEngine returns the path of a Terraform or OpenTofu.
func findEngine(ctx context.Context) (string, error) {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path, nil
	}
	find := exec.CommandContext(ctx, "go", "run", "./internal/cmd/engine")
	find.Stderr = os.Stderr
	path, err := find.Output()
	if err != nil {
		return "", fmt.Errorf("finding an engine: %w", err)
	}
	return strings.TrimSpace(string(path)), nil
}

// isOpenTofu reports whether the engine at path is OpenTofu.
func isOpenTofu(ctx context.Context, path string) (bool, error) {
	said, err := exec.CommandContext(ctx, path, "version").Output()
	if err != nil {
		return false, fmt.Errorf("%s version: %w", path, err)
	}
	return strings.Contains(string(said), "OpenTofu v"), nil
}

// engine is Terraform or OpenTofu in one working folder.
type engine struct {
	loud  *tfexec.Terraform // its output belongs to the story, where that is verbose
	quiet *tfexec.Terraform // its output is only for the program

	version *version.Version
}

// newEngine returns the Terraform at path with its working folder.
func newEngine(ctx context.Context, path, folder string, s *story) (engine, error) {
	loud, err := tfexec.NewTerraform(folder, path)
	if err != nil {
		return engine{}, err
	}
	quiet, err := tfexec.NewTerraform(folder, path)
	if err != nil {
		return engine{}, err
	}
	v, _, err := loud.Version(ctx, true) // asked before there is output to show, and remembered from then on
	if s.verbose {
		loud.SetStdout(s)
		loud.SetStderr(s)
	}
	return engine{loud: loud, quiet: quiet, version: v}, err
}

// planFile is where a plan waits to be applied, in the working folder.
const planFile = "demo.tfplan"

// plan plans with the options and returns what the plan would do.
func (e engine) plan(ctx context.Context, options ...tfexec.PlanOption) (changes, error) {
	if _, err := e.loud.Plan(ctx, append(options, tfexec.Out(planFile))...); err != nil {
		return changes{}, err
	}
	plan, err := e.quiet.ShowPlanFile(ctx, planFile)
	if err != nil {
		return changes{}, err
	}
	return count(plan), nil
}

// apply applies what was planned last.
func (e engine) apply(ctx context.Context) error {
	return e.loud.Apply(ctx, tfexec.DirOrPlan(planFile))
}

// query returns the display names of what the query files in the working folder find.
func (e engine) query(ctx context.Context) ([]string, error) {
	messages, err := e.quiet.QueryJSON(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for message := range messages {
		if message.Err != nil {
			return nil, message.Err
		}
		switch said := message.Msg.(type) {
		case tfjson.ListResourceFoundMessage:
			names = append(names, said.ListResourceFound.DisplayName)
		case tfjson.DiagnosticLogMessage:
			if said.Severity == tfjson.DiagnosticSeverityError {
				return nil, errors.New(said.Summary + ": " + said.Detail)
			}
		}
	}
	return names, nil
}

// changes are the numbers of objects that a plan acts on. A replacement is one to add and one to destroy.
type changes struct{ add, change, destroy, imports int }

func count(plan *tfjson.Plan) changes {
	var c changes
	for _, r := range plan.ResourceChanges {
		if r.Change.Importing != nil {
			c.imports++
		}
		for _, action := range r.Change.Actions {
			switch action {
			case tfjson.ActionCreate:
				c.add++
			case tfjson.ActionUpdate:
				c.change++
			case tfjson.ActionDelete:
				c.destroy++
			}
		}
	}
	return c
}

// String returns the numbers that are not zero as Terraform words them.
func (c changes) String() string {
	var parts []string
	for _, part := range []struct {
		n    int
		verb string
	}{{c.add, "add"}, {c.change, "change"}, {c.destroy, "destroy"}, {c.imports, "import"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", part.n, part.verb))
		}
	}
	if len(parts) == 0 {
		return "no changes"
	}
	return strings.Join(parts, ", ")
}
