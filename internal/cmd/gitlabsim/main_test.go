package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

const scenario = `{
	"tokens": [{"token": "t", "roles": {"1": "maintainer"}}],
	"projects": [{"id": 1, "path": "acme/web", "settings": {"active": true, "integrated": true}}]
}`

// TestCommand builds the program and uses it as a person would.
func TestCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "gitlabsim.exe") // Windows runs nothing else, and others do not care.
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, end := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run("serves until "+end.String(), func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" {
				t.Skip("Windows has no signals")
			}
			dir := t.TempDir()
			file, log := filepath.Join(dir, "scenario.json"), filepath.Join(dir, "requests.jsonl")
			write(t, file, scenario)
			cmd := exec.CommandContext(t.Context(), program, "-addr", "127.0.0.1:0", "-scenario", file, "-latency", "1ms", "-log", log)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(stdout).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			address, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "listening on ")
			if !ok || !strings.HasPrefix(address, "http://127.0.0.1:") {
				t.Fatalf("the first line is %q", line)
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/v4/projects/acme%2Fweb/error_tracking/settings?a=b", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer t")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if err := errors.Join(err, resp.Body.Close()); err != nil {
				t.Fatal(err)
			}
			if want := `{"active":true,"project_name":null,"sentry_external_url":null,"api_url":null,"integrated":true}`; string(body) != want {
				t.Errorf("got %s, want %s", body, want)
			}
			if err := cmd.Process.Signal(end); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil || stderr.Len() > 0 {
				t.Errorf("the program ends with %v and stderr %q", err, stderr.String())
			}
			got, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			want := `{"method":"GET","path":"/api/v4/projects/acme%2Fweb/error_tracking/settings","query":"a=b","status":200}` + "\n"
			if string(got) != want {
				t.Errorf("the log is %s, want %s", got, want)
			}
		})
	}
	for _, test := range []struct {
		name   string
		args   []string
		code   int
		stderr string
	}{
		{"help", []string{"-h"}, 0, "-scenario file"},
		{"unknown flag", []string{"-colour"}, 2, "-colour"},
		{"argument", []string{"scenario.json"}, 2, `unexpected argument "scenario.json"`},
		{"no scenario file", []string{"-scenario", filepath.Join(dir, "none.json")}, 1, "none.json"},
		{"bad scenario file", []string{"-scenario", write(t, filepath.Join(dir, "bad.json"), `{"colour":1}`)}, 1, `bad.json: scenario: json: unknown field "colour"`},
		{"bad address", []string{"-addr", "127.0.0.1:none"}, 1, "none"},
		{"bad log", []string{"-log", filepath.Join(dir, "none", "log")}, 1, "log"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), program, test.args...)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
				t.Fatal(err)
			} else if ok && exit.ExitCode() != test.code || !ok && test.code != 0 {
				t.Errorf("got exit code %v, want %d", err, test.code)
			}
			if !strings.Contains(stderr.String(), test.stderr) || stdout.Len() > 0 {
				t.Errorf("got stderr %q and stdout %q, want stderr with %q", stderr.String(), stdout.String(), test.stderr)
			}
		})
	}
}

// write writes a file and returns its name.
func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
