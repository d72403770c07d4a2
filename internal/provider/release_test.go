package provider

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

const (
	// releaseVariable names the zip of a release for this platform. Without it the test packs one of its own.
	releaseVariable = "TEST_RELEASE_ZIP"
	// programName is what the file names of a release begin with.
	programName = "terraform-provider-" + TypeName
)

// platform is what the name of a zip for this platform ends with.
var platform = "_" + runtime.GOOS + "_" + runtime.GOARCH + ".zip"

// An engine takes the zip of a release from a mirror, as it would from its registry, and plans with it.
func TestRelease(t *testing.T) {
	t.Parallel()
	release := os.Getenv(releaseVariable)
	built := release != ""
	if !built {
		release = packRelease(t, "0.0.1")
	}
	version, named := strings.CutPrefix(filepath.Base(release), programName+"_")
	version, forThis := strings.CutSuffix(version, platform)
	if !named || !forThis {
		t.Fatalf("%s is not named %s_VERSION%s", release, programName, platform)
	}
	if names := filesIn(t, release); !slices.Contains(names, programFile(version)) {
		t.Errorf("%s holds %q, want %s", release, names, programFile(version))
	}
	if built {
		checkSums(t, filepath.Dir(release), version)
	}

	scenario := twoProjects()
	scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
	gitlab := startTestbed(t, scenario)
	engine := newCommandLine(t, gitlab, `
data "gitlab_error_tracking_settings" "web" {
  project = "acme/web"
}
resource "gitlab_error_tracking_client_key" "web" {
  project = data.gitlab_error_tracking_settings.web.project
}
`)
	mirrored := mirror(t, release)
	engine.installs(t, mirrored, version)
	if output := engine.succeeds(t, "plan"); !strings.Contains(output, "1 to add, 0 to change, 0 to destroy") {
		t.Errorf("the plan says\n%s", output)
	}
	for _, state := range statesOfReleases(t) {
		engine, gitlab, found := withState(t, state)
		engine.installs(t, mirrored, version)
		engine.upgrades(t, gitlab, found)
	}

	checkInstall(t, engine, version)

	asked := gitlab.Requests()
	if len(asked) == 0 {
		t.Error("the plan asked GitLab for nothing")
	}
	for _, r := range asked {
		if agent := r.Header.Get("User-Agent"); !slices.Contains(strings.Fields(agent), programName+"/"+version) {
			t.Errorf("%s %s has the User-Agent %q, want one with %s/%s", r.Method, r.Path, agent, programName, version)
		}
	}
}

// checkInstall runs what the hosted CI runs after a release, on a mirror in place of the registry.
func checkInstall(t *testing.T, engine *commandLine, version string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		return
	}
	script, err := filepath.Abs("../../.ci/installs")
	if err != nil {
		t.Fatal(err)
	}
	for version, ok := range map[string]bool{"v" + version: true, "v99.0.0": false} {
		if output, err := engine.program(t.Context(), script, engine.engine, version).CombinedOutput(); (err == nil) != ok {
			t.Errorf(".ci/installs %s: %v\n%s", version, err, output)
		}
	}
}

// checkSums checks that SHA256SUMS lists each zip in a folder with its SBOM, and the manifest of the registry, and
// nothing else. The signature of a release covers only what is listed.
func checkSums(t *testing.T, folder, version string) {
	t.Helper()
	prefix := programName + "_" + version
	zips, err := filepath.Glob(filepath.Join(folder, prefix+"_*.zip"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{prefix + "_manifest.json"}
	for _, packed := range zips {
		sbom := strings.TrimSuffix(packed, ".zip") + ".cdx.json"
		want = append(want, filepath.Base(packed), filepath.Base(sbom))
		checkSBOM(t, sbom, version)
	}

	sums, err := os.ReadFile(filepath.Join(folder, prefix+"_SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(sums)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		got = append(got, name)
		file := filepath.Join(folder, name)
		if name == want[0] {
			file = "../../terraform-registry-manifest.json"
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if actual := fmt.Sprintf("%x", sha256.Sum256(content)); actual != sum {
			t.Errorf("the checksum of %s is %s, want %s", name, sum, actual)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("SHA256SUMS lists %q, want %q", got, want)
	}
}

// checkSBOM checks that a CycloneDX SBOM describes the provider in a version and lists the modules it is built from.
func checkSBOM(t *testing.T, name, version string) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	type component struct{ Name, Version string }
	var sbom struct {
		BOMFormat  string
		Metadata   struct{ Component component }
		Components []component
	}
	if err := json.Unmarshal(content, &sbom); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if of := sbom.Metadata.Component; sbom.BOMFormat != "CycloneDX" || !strings.HasSuffix(of.Name, "/"+programName) || of.Version != version {
		t.Errorf("%s is in the format %q about %s %s, want CycloneDX about %s %s", name, sbom.BOMFormat, of.Name, of.Version, programName, version)
	}
	for _, module := range []string{"std", "github.com/hashicorp/terraform-plugin-framework"} {
		if !slices.ContainsFunc(sbom.Components, func(c component) bool { return c.Name == module }) {
			t.Errorf("%s does not list %s", name, module)
		}
	}
}

// programFile is the name of the provider's program in the zip of a version.
func programFile(version string) string { return executable(programName + "_v" + version) }

// filesIn returns the names of the files in a zip.
func filesIn(t *testing.T, name string) []string {
	t.Helper()
	archive, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var names []string
	for _, file := range archive.File {
		names = append(names, file.Name)
	}
	return names
}

// packRelease builds the provider as a version and packs it for this platform, named as a release is.
func packRelease(t *testing.T, version string) string {
	t.Helper()
	folder := t.TempDir()
	binary := filepath.Join(folder, programFile(version))
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w -X main.version="+version, "-o", binary, "../..").CombinedOutput(); err != nil {
		t.Fatalf("building the provider: %v\n%s", err, out)
	}
	packed := filepath.Join(folder, programName+"_"+version+platform)
	if err := pack(packed, binary); err != nil {
		t.Fatal(err)
	}
	return packed
}

// pack writes a zip that holds one file, at its root and with its mode.
func pack(name, file string) (err error) {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	header, err := zip.FileInfoHeader(info)
	if err != nil {
		return err
	}
	packed, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, packed.Close()) }()
	archive := zip.NewWriter(packed)
	entry, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	source, err := os.Open(file)
	if err != nil {
		return err
	}
	defer source.Close()
	if _, err := io.Copy(entry, source); err != nil {
		return err
	}
	return archive.Close()
}

// installs makes the engine take a version of the provider from a mirror.
func (c *commandLine) installs(t *testing.T, mirror, version string) {
	t.Helper()
	c.env = append(c.env, "TF_REATTACH_PROVIDERS=", "TF_CLI_CONFIG_FILE="+filepath.Join(c.folder, "cli.tfrc"))
	c.write(t, "cli.tfrc", fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(mirror)))
	c.write(t, "version_override.tf", fmt.Sprintf(`
terraform {
  required_providers {
    gitlab = {
      source  = %q
      version = %q
    }
  }
}
`, Namespace+"/"+TypeName, version))
	output := c.succeeds(t, "init")
	if installed := fmt.Sprintf("Installed %s/%s v%s", Namespace, TypeName, version); !strings.Contains(output, installed) {
		t.Fatalf("init does not say %q:\n%s", installed, output)
	}
}

// mirror lays a release out as a packed filesystem mirror, for Terraform and for OpenTofu, and returns its folder
// (https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror).
func mirror(t *testing.T, release string) string {
	t.Helper()
	content, err := os.ReadFile(release)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for _, host := range []string{Hostname, "registry.opentofu.org"} {
		folder := filepath.Join(root, host, Namespace, TypeName)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(release)), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
