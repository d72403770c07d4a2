package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"

	"github.com/hashicorp/go-version"
)

// minimum is the oldest version that the provider is tested with: the first that reads import blocks.
var minimum = version.Must(version.NewVersion("1.5"))

// engine is a program that runs Terraform configurations.
type engine struct {
	path    string // absolute
	product string // Terraform or OpenTofu
	version string
}

// String returns the product and its version.
func (e engine) String() string { return e.product + " " + e.version }

// finder looks for an engine. Tests replace its fields.
type finder struct {
	getenv   func(name string) string
	lookPath func(name string) (string, error)
	cacheDir func() (string, error)
	// download and build install Terraform into an existing directory and return the program's path.
	download, build func(ctx context.Context, dir string) (string, error)
	log             io.Writer
}

// find returns the first engine of the places in the package comment. A program on PATH that is too old or does not work
// is passed over with a line in the log. One in TF_ACC_TERRAFORM_PATH is an error.
func (f finder) find(ctx context.Context) (engine, error) {
	const variable = "TF_ACC_TERRAFORM_PATH"
	if name := f.getenv(variable); name != "" {
		e, err := f.inspect(ctx, name)
		if err != nil {
			return engine{}, fmt.Errorf("%s: %w", variable, err)
		}
		return e, nil
	}
	for _, name := range []string{"terraform", "tofu"} {
		e, err := f.inspect(ctx, name)
		if err == nil {
			return e, nil
		}
		if !errors.Is(err, exec.ErrNotFound) {
			fmt.Fprintf(f.log, "engine: skipping %s on PATH: %v\n", name, err)
		}
	}
	return f.install(ctx)
}

// install returns the Terraform in the user's cache directory, and puts one there if there is none.
func (f finder) install(ctx context.Context) (engine, error) {
	cache, err := f.cacheDir()
	if err != nil {
		return engine{}, err
	}
	cache = filepath.Join(cache, "terraform-provider-gitlab")
	program := filepath.Join(cache, "terraform")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if e, err := f.inspect(ctx, program); err == nil {
		return e, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return engine{}, err
	}
	// The program moves into the cache in one step, so that an interrupted installation leaves nothing behind that looks
	// complete.
	dir, err := os.MkdirTemp(cache, "install-")
	if err != nil {
		return engine{}, err
	}
	defer os.RemoveAll(dir)

	installed, err := f.download(ctx, dir)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(f.log, "engine: unable to download Terraform (%v), building Terraform %s instead: this takes about two minutes, once\n",
			err, builtVersion)
		installed, err = f.build(ctx, dir)
	}
	if ctx.Err() != nil {
		return engine{}, errors.New("stopped while installing Terraform")
	}
	if err != nil {
		return engine{}, fmt.Errorf("no terraform or tofu on PATH, and Terraform can neither be downloaded nor built: %w", err)
	}
	if err := os.Rename(installed, program); err != nil {
		return engine{}, err
	}
	return f.inspect(ctx, program)
}

// versionLine is the line of `terraform version` and `tofu version` that names the product. OpenTofu may print warnings
// before it.
var versionLine = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(\S+)`)

// inspect asks a program, a path or a name on PATH, for its version. It returns an error that wraps exec.ErrNotFound if a
// name is not on PATH, and other errors for a program that does not work or is older than the minimum.
func (f finder) inspect(ctx context.Context, name string) (engine, error) {
	path, err := f.lookPath(name)
	if err != nil {
		return engine{}, err
	}
	// The tests run in the directories of their packages.
	if path, err = filepath.Abs(path); err != nil {
		return engine{}, err
	}
	cmd := exec.CommandContext(ctx, path, "version")
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+os.DevNull)
	said, err := cmd.Output()
	if err != nil {
		return engine{}, fmt.Errorf("%s version: %w", path, err)
	}
	match := versionLine.FindSubmatch(said)
	if match == nil {
		return engine{}, fmt.Errorf("%s is neither Terraform nor OpenTofu", path)
	}
	e := engine{path: path, product: string(match[1]), version: string(match[2])}
	v, err := version.NewVersion(e.version)
	if err != nil {
		return engine{}, fmt.Errorf("%s: %w", path, err)
	}
	if v.Core().LessThan(minimum) {
		return engine{}, fmt.Errorf("%s is %s, older than %s", path, e, minimum.Original())
	}
	return e, nil
}
