package gitlab_test

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// TestPrepare runs the part of up that needs no Docker on the simulator.
func TestPrepare(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("up and prepare are for a POSIX system with Docker")
	}
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	const token = "glpat-admin-token"
	flagOff := gitlabsim.Fault{Method: "PUT", Path: "/projects/1/error_tracking/settings", Status: 404, Times: 1}
	for name, tt := range map[string]struct {
		scenario gitlabsim.Scenario
		token    string
		says     string // why it fails
	}{
		"makes the group and waits for the flag": {
			scenario: gitlabsim.Scenario{Faults: []gitlabsim.Fault{flagOff}}, token: token,
		},
		"takes the group that is there": {
			scenario: gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: 1, Path: "lab/web"}}}, token: token,
		},
		"the flag stays off": {
			scenario: gitlabsim.Scenario{IntegratedErrorTracking: new(false)}, token: token, says: "404 Not Found",
		},
		"DSNs have no address": {
			scenario: gitlabsim.Scenario{DSNBaseURL: new("")}, token: token, says: "error tracking is still off",
		},
		"the token is unknown": {token: "glpat-other-token", says: "401 Unauthorized"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.scenario.Tokens = []gitlabsim.Token{{Token: token, Admin: true}}
			gitlab, err := gitlabsim.Start(tt.scenario, gitlabsim.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer gitlab.Close()
			prepare := exec.CommandContext(t.Context(), "./prepare")
			patience := "60"
			if tt.says != "" {
				patience = "1"
			}
			prepare.Env = append(os.Environ(), "GITLAB_BASE_URL="+gitlab.URL(), "GITLAB_TOKEN="+tt.token, "GITLAB_GROUP=lab",
				"GITLAB_PATIENCE="+patience)
			output, err := prepare.CombinedOutput()
			if tt.says != "" {
				if err == nil || !strings.Contains(string(output), tt.says) {
					t.Errorf("prepare ended with %v and said\n%s\nwant %q", err, output, tt.says)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			requests := gitlab.Requests()
			last := requests[len(requests)-1]
			if last.Method != "DELETE" || last.Status != 202 {
				t.Errorf("the last request is %+v", last)
			}
		})
	}
}
