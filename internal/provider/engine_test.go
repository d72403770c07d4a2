package provider

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-version"
)

// enginePath returns the path of the Terraform or OpenTofu that the tests run on.
var enginePath = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path, nil
	}
	find := exec.Command("go", "run", "../cmd/engine")
	find.Stderr = os.Stderr
	path, err := find.Output()
	if err != nil {
		return "", fmt.Errorf("finding an engine: %w", err)
	}
	return strings.TrimSpace(string(path)), nil
})

// engineVersion is the version of the engine, and engineName is Terraform or OpenTofu.
var (
	engineVersion *version.Version
	engineName    string
)

// useEngine makes the test library use the engine. OpenTofu has a registry of its own, which is the host of a provider
// address without one.
func useEngine() error {
	path, err := enginePath()
	if err != nil {
		return err
	}
	if err := os.Setenv("TF_ACC_TERRAFORM_PATH", path); err != nil {
		return err
	}
	said, err := exec.Command(path, "version").Output()
	if err != nil {
		return fmt.Errorf("%s version: %w", path, err)
	}
	match := regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(\S+)`).FindStringSubmatch(string(said))
	if match == nil {
		return fmt.Errorf("%s is neither Terraform nor OpenTofu", path)
	}
	engineName = match[1]
	if engineName == "OpenTofu" {
		if err := os.Setenv("TF_ACC_PROVIDER_HOST", "registry.opentofu.org"); err != nil {
			return err
		}
	}
	engineVersion, err = version.NewVersion(match[2])
	return err
}

// needsEngine skips a test of the command line on engines below a version, as sinceTerraform does for others.
func needsEngine(t *testing.T, least string) {
	t.Helper()
	if engineVersion.LessThan(version.Must(version.NewVersion(least))) {
		t.Skipf("needs Terraform %s, found %s", least, engineVersion)
	}
}

// needsActions skips a test on engines without actions, which only Terraform has, and on older ones.
func needsActions(t *testing.T, least string) {
	t.Helper()
	if engineName != "Terraform" {
		t.Skipf("needs actions, which %s does not have", engineName)
	}
	needsEngine(t, least)
}
