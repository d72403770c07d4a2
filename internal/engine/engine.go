// Package engine finds the Terraform or OpenTofu that the tests and the demo run on. It looks in these places, in this order:
//
//  1. the environment variable TF_ACC_TERRAFORM_PATH
//  2. terraform on PATH
//  3. tofu on PATH
//  4. the user's cache directory, where the next step puts Terraform
//  5. a download of the newest Terraform, or else a build of Terraform 1.8.5 from the Go module proxy
package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"github.com/hashicorp/go-version"
)

const (
	// Variable is the environment variable that names the engine. terraform-plugin-testing reads it too.
	Variable = "TF_ACC_TERRAFORM_PATH"
	// OpenTofu is a product. The other one is Terraform.
	OpenTofu = "OpenTofu"
	// minimum is the oldest version that the provider is tested with: the first that reads import blocks.
	minimum = "1.5"
)

// Engine is a program that runs Terraform configurations.
type Engine struct {
	Path    string // absolute, because tests run in the directories of their packages
	Product string // Terraform or OpenTofu
	Version *version.Version
}

// String returns the product and its version.
func (e Engine) String() string { return e.Product + " " + e.Version.String() }

// AtLeast reports whether the engine's version is the given one or a newer one.
func (e Engine) AtLeast(least string) bool {
	return e.Version.GreaterThanOrEqual(version.Must(version.NewVersion(least)))
}

// Find returns the first engine. A program on PATH that is too old or does not work is passed over with a line in the log.
// One in TF_ACC_TERRAFORM_PATH is an error.
func Find(ctx context.Context, log io.Writer) (Engine, error) {
	return find(ctx, log, download, build)
}

func find(ctx context.Context, log io.Writer, download, build installer) (Engine, error) {
	if name := os.Getenv(Variable); name != "" {
		e, err := Inspect(ctx, name)
		if err != nil {
			err = fmt.Errorf("%s: %w", Variable, err)
		}
		return e, err
	}
	for _, name := range []string{"terraform", "tofu"} {
		e, err := Inspect(ctx, name)
		if err == nil {
			return e, nil
		}
		if !errors.Is(err, exec.ErrNotFound) {
			fmt.Fprintf(log, "engine: skipping %s on PATH: %v\n", name, err)
		}
	}
	path, err := install(ctx, log, download, build)
	if err != nil {
		return Engine{}, err
	}
	return Inspect(ctx, path)
}

// versionLine is the line of `terraform version` and `tofu version` that names the product. OpenTofu may print warnings
// before it.
var versionLine = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(\S+)`)

// Inspect asks a program, a path or a name on PATH, for its version. It returns an error that wraps exec.ErrNotFound if a
// name is not on PATH, and other errors for a program that does not work or is too old for the provider.
func Inspect(ctx context.Context, name string) (Engine, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return Engine{}, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return Engine{}, err
	}
	cmd := exec.CommandContext(ctx, path, "version")
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+os.DevNull)
	said, err := cmd.Output()
	if err != nil {
		return Engine{}, fmt.Errorf("%s version: %w", path, err)
	}
	match := versionLine.FindSubmatch(said)
	if match == nil {
		return Engine{}, fmt.Errorf("%s is neither Terraform nor OpenTofu", path)
	}
	v, err := version.NewVersion(string(match[2]))
	if err != nil {
		return Engine{}, fmt.Errorf("%s: %w", path, err)
	}
	e := Engine{Path: path, Product: string(match[1]), Version: v}
	// A prerelease of the oldest version is new enough.
	if v.Core().LessThan(version.Must(version.NewVersion(minimum))) {
		return Engine{}, fmt.Errorf("%s is %s, older than %s", path, e, minimum)
	}
	return e, nil
}
