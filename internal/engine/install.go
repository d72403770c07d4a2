package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-version"
	hcinstall "github.com/hashicorp/hc-install"
	"github.com/hashicorp/hc-install/fs"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
	"github.com/hashicorp/hc-install/src"
)

// builtVersion is the version that build builds. The go command refuses newer ones as the target of go install, because
// their go.mod replaces modules.
const builtVersion = "1.8.5"

// installer puts Terraform into a directory and returns the program's path.
type installer func(ctx context.Context, dir string) (string, error)

// install returns the Terraform in the user's cache directory, and puts one there if there is none.
func install(ctx context.Context, log io.Writer, download, build installer) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "terraform-provider-gitlab")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path, failed := download(ctx, dir)
	if failed != nil && ctx.Err() == nil {
		fmt.Fprintf(log, "engine: unable to download Terraform, building Terraform %s instead: this takes about two minutes, once\n", builtVersion)
		path, err = build(ctx, dir)
	}
	switch {
	case ctx.Err() != nil:
		return "", errors.New("stopped while installing Terraform")
	case err != nil:
		return "", fmt.Errorf("no terraform or tofu on PATH, and Terraform can neither be downloaded nor built: %w", errors.Join(failed, err))
	}
	return path, nil
}

// download downloads the newest Terraform, unless an earlier run put one into the directory.
func download(ctx context.Context, dir string) (string, error) {
	recent := version.MustConstraints(version.NewConstraint(">= " + minimum))
	return hcinstall.NewInstaller().Ensure(ctx, []src.Source{
		&fs.Version{Product: product.Terraform, Constraints: recent, ExtraPaths: []string{dir}},
		&releases.LatestVersion{Product: product.Terraform, InstallDir: dir, Timeout: time.Minute},
	})
}

// build builds Terraform. Without the linker flag for version.dev the program calls itself a development version, which
// version constraints in configurations refuse.
func build(ctx context.Context, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "install", "-trimpath",
		"-ldflags", "-s -w -X github.com/hashicorp/terraform/version.dev=no",
		"github.com/hashicorp/terraform@v"+builtVersion)
	cmd.Dir = dir // outside the module, whose settings do not matter here
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install: %w: %s", err, bytes.TrimSpace(out))
	}
	return exec.LookPath(filepath.Join(dir, "terraform"))
}
