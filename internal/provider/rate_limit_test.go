package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// One warning says how long a run has waited in all.
func TestRateLimitNotice(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		wait   int // in seconds, that GitLab asks the first reader of a project's settings for
		warned bool
	}{
		"long": {75, true}, "short": {9, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, manyProjects(20, 0))
			terraform := newCommandLine(t, gitlab, manyKeysConfig(20, 20, false))
			if output := terraform.succeeds(t, "apply", "-auto-approve"); strings.Contains(output, waitedForRateLimit) {
				t.Errorf("warned without a wait:\n%s", output)
			}
			gitlab.AddFault(gitlabsim.Fault{
				Path: "/projects/7/error_tracking/settings", Status: 429, Times: 1,
				Headers: map[string]string{"Retry-After": fmt.Sprint(tt.wait)},
			})
			output := terraform.succeeds(t, "plan", "-detailed-exitcode")
			want := 0
			if tt.warned {
				want = 1
				if !hasInOrder(output, "Warning: "+waitedForRateLimit, "Requests to GitLab at 127.0.0.1:", "waited 1m14") {
					t.Errorf("the plan does not say how long it waited:\n%s", output)
				}
			}
			if n := strings.Count(output, waitedForRateLimit); n != want || strings.Contains(output, "similar warning") {
				t.Errorf("%d warnings, want %d:\n%s", n, want, output)
			}
		})
	}
}
