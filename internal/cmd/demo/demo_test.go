package main

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/engine"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// The demo fails when GitLab has received or has something else than the demo expects.
func TestLook(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change   func(*gitlabsim.Server)
		received string
		ok       bool
	}{
		"as expected":   {func(*gitlabsim.Server) {}, "nothing", true},
		"another key":   {func(s *gitlabsim.Server) { s.AddKey(webID) }, "nothing", false},
		"another write": {func(*gitlabsim.Server) {}, "POST client_keys", false},
		"a second key":  {func(s *gitlabsim.Server) { s.AddKey(2) }, ".*", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gitlab, err := gitlabsim.Start(scenario, gitlabsim.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer gitlab.Close()
			tt.change(gitlab)
			d := &demo{story: &story{}, gitlab: gitlab}
			if d.look(tt.received, nothingYet); (d.err == nil) != tt.ok {
				t.Errorf("error %v", d.err)
			}
		})
	}
}

// The demo fails when a command fails or does not print what the demo expects.
func TestTerraform(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		arguments, prints string
		ok                bool
	}{
		"as expected":  {"version", `go version \S+`, true},
		"another text": {"version", "No changes", false},
		"a failure":    {"unknown-command", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &demo{story: &story{}, engine: engine.Engine{Path: program}, folder: t.TempDir()}
			if d.terraform(t.Context(), tt.arguments, tt.prints); (d.err == nil) != tt.ok {
				t.Errorf("error %v", d.err)
			}
		})
	}
}

// A chapter begins when Enter is pressed, and at once when the demo is stopped or has no pace.
func TestBegin(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{}, 1)
	entered <- struct{}{}
	(&story{pace: time.Hour, enter: entered}).begin(t.Context(), "Enter")

	stopped, stop := context.WithCancel(t.Context())
	stop()
	(&story{pace: time.Hour}).begin(stopped, "Stopped")

	(&story{}).begin(t.Context(), "No pace")
	if len(entered) != 0 {
		t.Error("Enter was not read")
	}
}
