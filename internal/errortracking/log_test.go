package errortracking_test

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func TestLog(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Faults: []gitlabsim.Fault{
		// On a connection that was used before, net/http would repeat the request by itself.
		{Method: http.MethodGet, Path: "/projects/acme%2Fweb", Drop: true, Times: 1},
		{Method: http.MethodGet, Path: "/*/settings", Status: 503, Headers: map[string]string{"X-Request-Id": "01JXYZ"}, Times: 1},
	}})
	var mu sync.Mutex
	var attempts []map[string]any
	client := newClient(t, server.URL(), func(o *errortracking.Options) {
		o.Log = func(_ context.Context, attempt map[string]any) {
			mu.Lock()
			defer mu.Unlock()
			attempts = append(attempts, attempt)
		}
	})
	found, err := client.ResolveProject(t.Context(), "acme/web")
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Settings(t.Context(), found.ID)
	wantError(t, err, errortracking.ErrSettingsNotFound)
	if err := client.DeleteClientKey(t.Context(), found.ID, 99); err != nil {
		t.Error(err)
	}

	_, err = client.GroupProjects(t.Context(), "acme/secret", true)
	wantError(t, err, errortracking.ErrGroupNotFound)

	for i, attempt := range attempts {
		if failure, ok := attempt["failure"].(string); ok && failure != "" && !strings.Contains(failure, token) {
			attempt["failure"] = "failed"
		}
		if _, ok := attempt["duration_ms"].(int64); !ok {
			t.Errorf("attempt %d has the duration %v", i, attempt["duration_ms"])
		}
		delete(attempt, "duration_ms")
	}
	const settings = "/projects/:id/error_tracking/settings"
	want := []map[string]any{
		{"method": "GET", "path": "/projects/:id", "attempt": 1, "status": 0, "failure": "failed"},
		{"method": "GET", "path": "/projects/:id", "attempt": 2, "status": 200},
		{"method": "GET", "path": settings, "attempt": 1, "status": 503, "request_id": "01JXYZ"},
		{"method": "GET", "path": settings, "attempt": 2, "status": 404},
		{"method": "DELETE", "path": "/projects/:id/error_tracking/client_keys/:id", "attempt": 1, "status": 404},
		{"method": "GET", "path": "/groups/:id/projects", "attempt": 1, "status": 404},
	}
	if !reflect.DeepEqual(attempts, want) {
		t.Errorf("got\n%v\nwant\n%v", attempts, want)
	}
}
