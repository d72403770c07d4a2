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
	"runtime"
	"time"

	"github.com/hashicorp/go-version"
	install "github.com/hashicorp/hc-install"
	"github.com/hashicorp/hc-install/fs"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
	"github.com/hashicorp/hc-install/src"
)

// builtVersion is the version that build builds. The go command refuses newer ones as the target of go install, because
// their go.mod replaces modules.
const builtVersion = "1.8.5"

// installation puts Terraform into a directory. Both ways return the program's path. Tests replace them.
type installation struct {
	// download returns the program that is in the directory, and downloads one only if there is none.
	download, build func(ctx context.Context, dir string) (string, error)
}

// run returns the Terraform in the user's cache directory, and puts one there if there is none.
func (i installation) run(ctx context.Context, log io.Writer) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "terraform-provider-gitlab")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path, failed := i.download(ctx, dir)
	if failed == nil {
		return path, nil
	}
	if ctx.Err() == nil {
		fmt.Fprintf(log, "engine: unable to download Terraform, building Terraform %s instead: this takes about two minutes, once\n", builtVersion)
		path, err = i.build(ctx, dir)
	}
	if ctx.Err() != nil {
		return "", errors.New("stopped while installing Terraform")
	}
	if err != nil {
		return "", fmt.Errorf("no terraform or tofu on PATH, and Terraform can neither be downloaded nor built: %w", errors.Join(failed, err))
	}
	return path, nil
}

func download(ctx context.Context, dir string) (string, error) {
	return install.NewInstaller().Ensure(ctx, []src.Source{
		&fs.Version{Product: product.Terraform, Constraints: version.MustConstraints(version.NewConstraint(">= " + minimum)), ExtraPaths: []string{dir}},
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
		lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
		return "", fmt.Errorf("go install: %w: %s", err, lines[len(lines)-1])
	}
	program := filepath.Join(dir, "terraform")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	return program, nil
}
