package provider

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func TestLog(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	scenario.Faults = []gitlabsim.Fault{{
		Method: http.MethodGet, Path: "/projects/1/error_tracking/settings", Status: http.StatusNotFound,
		Body: `{"message":"404 Error Tracking Setting Not Found"}`, Headers: map[string]string{"X-Request-Id": "01JXYZ"},
	}}
	gitlab := startTestbed(t, scenario)
	terraform := newCommandLine(t, gitlab, settingsConfig("acme/web", "active = false")+"data \"gitlab_error_tracking_projects\" \"acme\" {\n  group = \"acme\"\n}\n")
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
	for request, fields := range map[string][]string{
		"method=PUT":        {"path=/projects/:id/error_tracking/settings", "status=200", "attempt=1", "duration_ms=", "@module=gitlab.errortracking"},
		"request_id=01JXYZ": {"path=/projects/:id/error_tracking/settings", "status=404"},
		"path=/groups/":     {"path=/groups/:id/projects"},
	} {
		at := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, request) })
		if at < 0 {
			t.Errorf("no line has %s:\n%s", request, strings.Join(lines, ""))
			continue
		}
		for _, field := range fields {
			if !strings.Contains(lines[at], field) {
				t.Errorf("the line with %s lacks %s:\n%s", request, field, lines[at])
			}
		}
	}
	if all := strings.Join(lines, ""); regexp.MustCompile(`path=\S*acme`).MatchString(all) {
		t.Errorf("the log has the path of a project or group:\n%s", all)
	}
}
