package errortracking_test

import (
	"errors"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// A missing endpoint means the end of error tracking on a GitLab that is recent enough to have had it.
func TestClient_featureRemoved(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		scenario gitlabsim.Scenario
		want     error
	}{
		"recent":                   {gitlabsim.Scenario{Version: "20.1.0"}, errortracking.ErrFeatureRemoved},
		"the oldest with all":      {gitlabsim.Scenario{Version: "15.10.0-ee"}, errortracking.ErrFeatureRemoved},
		"too old":                  {gitlabsim.Scenario{Version: "15.9.3"}, errortracking.ErrNoSuchEndpoint},
		"much too old":             {gitlabsim.Scenario{Version: "14.11.0"}, errortracking.ErrNoSuchEndpoint},
		"no version":               {gitlabsim.Scenario{Faults: versionSays(200, `{"version":"twenty"}`)}, errortracking.ErrNoSuchEndpoint},
		"no GitLab":                {gitlabsim.Scenario{Faults: versionSays(404, `{"error":"404 Not Found"}`)}, errortracking.ErrNoSuchEndpoint},
		"another token is refused": {gitlabsim.Scenario{Faults: versionSays(403, `{"message":"403 Forbidden"}`)}, errortracking.ErrNoSuchEndpoint},
		"a fine-grained token": {gitlabsim.Scenario{Tokens: []gitlabsim.Token{
			{Token: token, Roles: map[string]string{"*": "maintainer"}, Permissions: []string{"read_project"}},
		}}, errortracking.ErrFeatureRemoved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.scenario.ErrorTracking = new(false)
			server := startGitLab(t, tt.scenario)
			client := newClient(t, server.URL())
			for range 2 {
				if _, err := client.Settings(t.Context(), project); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
			}
			server.SetErrorTracking(true)
			if _, err := client.ClientKeys(t.Context(), project); errors.Is(err, tt.want) {
				t.Errorf("got %v after error tracking came back", err)
			}
		})
	}
}

func versionSays(status int, body string) []gitlabsim.Fault {
	return []gitlabsim.Fault{{Method: "GET", Path: "/version", Status: status, Body: body}}
}
