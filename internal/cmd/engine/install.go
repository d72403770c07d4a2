package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
)

// builtVersion is the version that build builds. The go command refuses newer ones as the target of go install, because
// their go.mod replaces modules.
const builtVersion = "1.8.5"

// downloadTimeout is how long a download may take before a build is tried.
const downloadTimeout = time.Minute

// download downloads the newest release of Terraform into dir.
func download(ctx context.Context, dir string) (string, error) {
	release := &releases.LatestVersion{Product: product.Terraform, InstallDir: dir, Timeout: downloadTimeout}
	path, err := release.Install(ctx)
	// Each attempt wraps the cause once more.
	for failed := (*url.Error)(nil); errors.As(err, &failed); {
		err = failed.Err
	}
	return path, err
}

// build builds Terraform into dir. Without the linker flag for version.dev the program calls itself a development
// version, which version constraints in configurations refuse.
func build(ctx context.Context, dir string) (string, error) {
	install := exec.CommandContext(ctx, "go", "install", "-trimpath",
		"-ldflags", "-s -w -X github.com/hashicorp/terraform/version.dev=no",
		"github.com/hashicorp/terraform@v"+builtVersion)
	install.Dir = dir // outside the module, whose settings do not matter here
	install.Env = append(os.Environ(), "GOBIN="+dir, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	if out, err := install.CombinedOutput(); err != nil {
		lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
		return "", fmt.Errorf("go install: %w: %s", err, lines[len(lines)-1])
	}
	program := filepath.Join(dir, "terraform")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	return program, nil
}
