package provider

import (
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	terraform := newCommandLine(t, gitlab, settingsConfig("acme/web", "active = false"))
	terraform.startProvider(t)
	terraform.env = append(terraform.env, "TF_LOG_PROVIDER=DEBUG")
	output, err := terraform.run(t, "apply", "-auto-approve")
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	var lines []string
	for line := range strings.Lines(output) {
		if strings.Contains(line, "Request to GitLab") {
			lines = append(lines, line)
		}
	}
	if len(lines) != len(gitlab.Requests()) {
		t.Errorf("%d lines in the log for %d requests:\n%s", len(lines), len(gitlab.Requests()), strings.Join(lines, ""))
	}
	put := lines[len(lines)-1]
	for _, field := range []string{"method=PUT", "path=/projects/:id/error_tracking/settings", "status=200", "attempt=1", "duration_ms=", "@module=gitlab.errortracking"} {
		if !strings.Contains(put, field) {
			t.Errorf("the line of the last request lacks %s:\n%s", field, put)
		}
	}
}
