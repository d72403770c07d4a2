package engine

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"
)

// fake writes a program that says the given text when it is asked for its version.
func fake(t *testing.T, path, says string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake engines are shell scripts")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n[ \"$1\" = version ] && echo '" + says + "'\n"
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	terraform = "Terraform v1.11.4\non linux_amd64"
	tofu      = "Warning: Unable to open CLI configuration file\n\nOpenTofu v1.12.6\non linux_amd64"
	old       = "Terraform v1.4.7\non linux_amd64"
)

// The table replaces the environment of the process, so it is not parallel.
func TestFind(t *testing.T) {
	const building = "engine: unable to download Terraform, building Terraform 1.8.5 instead: this takes about two minutes, once\n"
	tests := []struct {
		name  string
		files map[string]string // fake programs: what they say by their path below a temporary directory
		env   string            // the program that TF_ACC_TERRAFORM_PATH names, below the same directory

		download, build string // what the installed Terraform says; empty where the installation fails

		want   string // the engine's path
		says   string // its product and version
		failed string // the error
		log    string
	}{
		{
			name:  "the environment comes first",
			files: map[string]string{"my/engine": "Terraform v1.16.1", "bin/terraform": terraform, "bin/tofu": tofu},
			env:   "my/engine",
			want:  "my/engine", says: "Terraform 1.16.1",
		},
		{
			name:  "a wrong path in the environment is an error",
			files: map[string]string{"bin/terraform": terraform},
			env:   "my/engine", failed: "TF_ACC_TERRAFORM_PATH: ",
		},
		{
			name:  "a program in the environment that is too old is an error",
			files: map[string]string{"my/engine": old, "bin/terraform": terraform},
			env:   "my/engine", failed: "Terraform 1.4.7, older than 1.5",
		},
		{
			name:  "terraform on PATH",
			files: map[string]string{"bin/terraform": terraform, "bin/tofu": tofu, "cache/terraform": "Terraform v1.8.5"},
			want:  "bin/terraform", says: "Terraform 1.11.4",
		},
		{
			name:  "a prerelease",
			files: map[string]string{"bin/terraform": "Terraform v1.5.0-beta1"},
			want:  "bin/terraform", says: "Terraform 1.5.0-beta1",
		},
		{
			name:  "tofu on PATH",
			files: map[string]string{"bin/tofu": tofu, "cache/terraform": "Terraform v1.8.5"},
			want:  "bin/tofu", says: "OpenTofu 1.12.6",
		},
		{
			name:  "an old terraform on PATH",
			files: map[string]string{"bin/terraform": old, "bin/tofu": tofu},
			want:  "bin/tofu", says: "OpenTofu 1.12.6",
			log: "engine: skipping terraform on PATH: DIR/bin/terraform is Terraform 1.4.7, older than 1.5\n",
		},
		{
			name:  "another program named terraform",
			files: map[string]string{"bin/terraform": "1.0", "bin/tofu": tofu},
			want:  "bin/tofu", says: "OpenTofu 1.12.6",
			log: "engine: skipping terraform on PATH: DIR/bin/terraform is neither Terraform nor OpenTofu\n",
		},
		{
			name:     "a download",
			download: "Terraform v1.16.1", build: "Terraform v1.8.5",
			want: "cache/terraform", says: "Terraform 1.16.1",
		},
		{
			name:  "a build",
			build: "Terraform v1.8.5",
			want:  "cache/terraform", says: "Terraform 1.8.5",
			log: building,
		},
		{
			name:   "nothing works",
			failed: "no terraform or tofu on PATH, and Terraform can neither be downloaded nor built: no network\nno compiler",
			log:    building,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := useDirectory(t)
			for path, says := range tt.files {
				fake(t, filepath.Join(dir, inCache(path)), says)
			}
			if t.Setenv(Variable, ""); tt.env != "" {
				t.Setenv(Variable, filepath.Join(dir, tt.env))
			}
			var log strings.Builder
			got, err := find(t.Context(), &log, installs(t, tt.download, "no network"), installs(t, tt.build, "no compiler"))
			if tt.failed == "" && err != nil {
				t.Fatal(err)
			}
			if tt.failed != "" {
				if err == nil || !strings.Contains(err.Error(), tt.failed) {
					t.Errorf("error %v, want %q", err, tt.failed)
				}
			} else if want := filepath.Join(dir, inCache(tt.want)); got.Path != want || got.String() != tt.says {
				t.Errorf("got %s at %s, want %s at %s", got, got.Path, tt.says, want)
			}
			if want := strings.ReplaceAll(tt.log, "DIR", dir); log.String() != want {
				t.Errorf("log %q, want %q", log.String(), want)
			}
		})
	}
}

// useDirectory makes an empty directory the home of the programs that Find looks for.
func useDirectory(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("PATH", filepath.Join(dir, "bin"))
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	t.Setenv("HOME", dir)
	return dir
}

// inCache puts the provider's own folder into the path of a program in the cache.
func inCache(path string) string {
	if runtime.GOOS == "darwin" {
		return strings.Replace(path, "cache/", "Library/Caches/terraform-provider-gitlab/", 1)
	}
	return strings.Replace(path, "cache/", "cache/terraform-provider-gitlab/", 1)
}

// installs returns an installer of a fake Terraform, or one that fails if says is empty.
func installs(t *testing.T, says, failure string) installer {
	return func(_ context.Context, dir string) (string, error) {
		if says == "" {
			return "", errors.New(failure)
		}
		return fake(t, filepath.Join(dir, "terraform"), says), nil
	}
}

// A Terraform that was installed before is used without the network.
func TestDownload(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", "")
	want := fake(t, filepath.Join(dir, "terraform"), "Terraform v1.8.5")
	if got, err := download(t.Context(), dir); err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestFind_interrupted(t *testing.T) {
	t.Setenv(Variable, "")
	useDirectory(t)
	ctx, cancel := context.WithCancel(t.Context())
	download := func(context.Context, string) (string, error) {
		cancel()
		return "", context.Canceled
	}
	build := func(context.Context, string) (string, error) {
		t.Error("an interrupted download was followed by a build")
		return "", nil
	}
	_, err := find(ctx, io.Discard, download, build)
	if err == nil || err.Error() != "stopped while installing Terraform" {
		t.Errorf("error %v", err)
	}
}

func TestAtLeast(t *testing.T) {
	t.Parallel()
	e := Engine{Product: "Terraform", Version: version.Must(version.NewVersion("1.14.0"))}
	if !e.AtLeast("1.14") || !e.AtLeast("1.9") || e.AtLeast("1.14.1") {
		t.Errorf("%s is compared wrongly", e)
	}
}

// The documentation promises the oldest version, and hosted CI tests with it.
func TestMinimum(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{
		"README.md":                  "| Terraform | " + minimum + " or newer",
		"templates/index.md.tmpl":    "| Terraform | " + minimum + " or newer",
		".github/workflows/test.yml": "version: ['" + minimum + ".*',",
	} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), says) {
			t.Errorf("%s does not say %q", name, says)
		}
	}
}
