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
	var attempts []errortracking.Attempt
	client := newClient(t, server.URL(), func(o *errortracking.Options) {
		o.Log = func(_ context.Context, a errortracking.Attempt) {
			mu.Lock()
			defer mu.Unlock()
			attempts = append(attempts, a)
		}
	})
	id, err := client.ResolveProject(t.Context(), "acme/web")
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Settings(t.Context(), id)
	wantError(t, err, errortracking.ErrSettingsNotFound)
	if err := client.DeleteClientKey(t.Context(), id, 99); err != nil {
		t.Error(err)
	}

	for i := range attempts {
		if attempts[i].Duration <= 0 || strings.Contains(attempts[i].Failure, token) {
			t.Errorf("attempt %d is reported as %+v", i, attempts[i])
		}
		if attempts[i].Failure != "" {
			attempts[i].Failure = "failed"
		}
		attempts[i].Duration = 0
	}
	const settings = "/projects/:id/error_tracking/settings"
	want := []errortracking.Attempt{
		{Method: "GET", Path: "/projects/:id", Number: 1, Failure: "failed"},
		{Method: "GET", Path: "/projects/:id", Number: 2, Status: 200},
		{Method: "GET", Path: settings, Number: 1, Status: 503, RequestID: "01JXYZ"},
		{Method: "GET", Path: settings, Number: 2, Status: 404},
		{Method: "DELETE", Path: "/projects/:id/error_tracking/client_keys/:id", Number: 1, Status: 404},
	}
	if !reflect.DeepEqual(attempts, want) {
		t.Errorf("got\n%+v\nwant\n%+v", attempts, want)
	}
}
