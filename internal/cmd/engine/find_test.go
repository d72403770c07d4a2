package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
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

func TestFind(t *testing.T) {
	t.Parallel()

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
			name:     "what was installed before",
			files:    map[string]string{"cache/terraform": "Terraform v1.8.5"},
			download: "Terraform v1.16.1",
			want:     "cache/terraform", says: "Terraform 1.8.5",
		},
		{
			name:     "a download",
			download: "Terraform v1.16.1", build: "Terraform v1.8.5",
			want: "cache/terraform", says: "Terraform 1.16.1",
		},
		{
			name:     "a download in place of an installation that is broken",
			files:    map[string]string{"cache/terraform": "nothing"},
			download: "Terraform v1.16.1",
			want:     "cache/terraform", says: "Terraform 1.16.1",
		},
		{
			name:  "a build",
			build: "Terraform v1.8.5",
			want:  "cache/terraform", says: "Terraform 1.8.5",
			log: "engine: unable to download Terraform (no network), building Terraform 1.8.5 instead: this takes about two minutes, once\n",
		},
		{
			name:   "nothing works",
			failed: "no terraform or tofu on PATH, and Terraform can neither be downloaded nor built: no compiler",
			log:    "engine: unable to download Terraform (no network), building Terraform 1.8.5 instead: this takes about two minutes, once\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			dir := t.TempDir()
			for path, says := range tt.files {
				path = strings.Replace(path, "cache/", "cache/terraform-provider-gitlab/", 1)
				fake(t, filepath.Join(dir, path), says)
			}
			var log strings.Builder
			f := finder{
				getenv: func(name string) string {
					if name != "TF_ACC_TERRAFORM_PATH" || tt.env == "" {
						return ""
					}
					return filepath.Join(dir, tt.env)
				},
				lookPath: func(name string) (string, error) {
					if filepath.IsAbs(name) {
						return exec.LookPath(name)
					}
					if path, err := exec.LookPath(filepath.Join(dir, "bin", name)); err == nil {
						return path, nil
					}
					return "", exec.ErrNotFound
				},
				cacheDir: func() (string, error) { return filepath.Join(dir, "cache"), nil },
				download: installer(t, tt.download, "no network"),
				build:    installer(t, tt.build, "no compiler"),
				log:      &log,
			}
			got, err := f.find(t.Context())
			if tt.failed == "" && err != nil {
				t.Fatal(err)
			}
			if tt.failed != "" {
				if err == nil || !strings.Contains(err.Error(), tt.failed) {
					t.Errorf("error %v, want %q", err, tt.failed)
				}
			} else {
				want := filepath.Join(dir, strings.Replace(tt.want, "cache/", "cache/terraform-provider-gitlab/", 1))
				if got.path != want || got.String() != tt.says {
					t.Errorf("got %s at %s, want %s at %s", got, got.path, tt.says, want)
				}
			}
			if want := strings.ReplaceAll(tt.log, "DIR", dir); log.String() != want {
				t.Errorf("log %q, want %q", log.String(), want)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "cache", "*", "install-*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// installer returns an installation of a fake Terraform, or one that fails if says is empty.
func installer(t *testing.T, says, failure string) func(context.Context, string) (string, error) {
	return func(_ context.Context, dir string) (string, error) {
		if says == "" {
			return "", errors.New(failure)
		}
		return fake(t, filepath.Join(dir, "terraform"), says), nil
	}
}

func TestFindInterrupted(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	f := finder{
		getenv:   func(string) string { return "" },
		lookPath: func(string) (string, error) { return "", exec.ErrNotFound },
		cacheDir: func() (string, error) { return dir, nil },
		download: func(context.Context, string) (string, error) {
			cancel()
			return "", context.Canceled
		},
		build: func(context.Context, string) (string, error) {
			t.Error("an interrupted download was followed by a build")
			return "", nil
		},
		log: &strings.Builder{},
	}
	if _, err := f.find(ctx); err == nil || err.Error() != "stopped while installing Terraform" {
		t.Errorf("error %v", err)
	}
}

// The documentation promises the oldest version, and hosted CI tests with it.
func TestMinimum(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{
		"README.md":                  "| Terraform | " + minimum.Original() + " or newer",
		"templates/index.md.tmpl":    "| Terraform | " + minimum.Original() + " or newer",
		".github/workflows/test.yml": "version: ['" + minimum.Original() + ".*',",
	} {
		text, err := os.ReadFile(filepath.Join("../../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), says) {
			t.Errorf("%s does not say %q", name, says)
		}
	}
}
