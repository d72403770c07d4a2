package errortracking_test

import (
	"context"
	"net/http"
	"reflect"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func TestSettings(t *testing.T) {
	t.Parallel()

	sentry := gitlabsim.Settings{
		Active:            true,
		ProjectName:       new("P"),
		SentryExternalURL: new("https://sentry.example.com/o/p/"),
		APIURL:            new("https://sentry.example.com/api/0/projects/o/p/"),
	}
	tests := map[string]struct {
		row  gitlabsim.Settings
		want errortracking.Settings
	}{
		"integrated": {
			gitlabsim.Settings{Active: true, Integrated: true},
			errortracking.Settings{Active: true, Integrated: true},
		},
		"inactive": {gitlabsim.Settings{Integrated: true}, errortracking.Settings{Integrated: true}},
		"Sentry": {sentry, errortracking.Settings{
			Active: true, ProjectName: sentry.ProjectName, SentryExternalURL: sentry.SentryExternalURL, APIURL: sentry.APIURL,
		}},
		"empty texts are no null": {
			gitlabsim.Settings{ProjectName: new(""), SentryExternalURL: new("")},
			errortracking.Settings{ProjectName: new(""), SentryExternalURL: new("")},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startGitLab(t, gitlabsim.Scenario{})
			server.SetSettings(project, &tt.row)
			got, err := newClient(t, server.URL()).Settings(t.Context(), project)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v and error %v, want %+v", got, err, tt.want)
			}
		})
	}
}

func TestCreateSettings(t *testing.T) {
	t.Parallel()

	for _, want := range []errortracking.Settings{
		{Active: true, Integrated: true}, {Active: false, Integrated: true}, {Active: false, Integrated: false},
	} {
		server := startGitLab(t, gitlabsim.Scenario{})
		got, err := newClient(t, server.URL()).CreateSettings(t.Context(), project, want.Active, want.Integrated)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v and error %v, want %+v", got, err, want)
		}
		row, ok := server.Settings(project)
		if !ok || row.Active != want.Active || row.Integrated != want.Integrated {
			t.Errorf("GitLab has %+v (%t), want %+v", row, ok, want)
		}
	}
}

func TestUpdateSettings(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		integrated *bool
		flag       bool
		want       errortracking.Settings
	}{
		"backend left as it is": {nil, true, errortracking.Settings{Active: false, Integrated: true}},
		"another backend":       {new(false), true, errortracking.Settings{Active: false, Integrated: false}},
		"flag off":              {new(true), false, errortracking.Settings{Active: false, Integrated: false}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startGitLab(t, gitlabsim.Scenario{})
			server.SetSettings(project, &gitlabsim.Settings{Active: true, Integrated: true})
			server.SetFlag(project, tt.flag)
			got, err := newClient(t, server.URL()).UpdateSettings(t.Context(), project, false, tt.integrated)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v and error %v, want %+v", got, err, tt.want)
			}
			wantLines(t, server, "PATCH /api/v4/projects/1/error_tracking/settings")
		})
	}
}

// The answer to a change is lost for good. Whether GitLab has stored it is read back.
func TestSettingsLostAnswer(t *testing.T) {
	t.Parallel()

	on, off := true, false
	writes := map[string]func(context.Context, *errortracking.Client) (errortracking.Settings, error){
		http.MethodPut: func(ctx context.Context, c *errortracking.Client) (errortracking.Settings, error) {
			return c.CreateSettings(ctx, project, true, true)
		},
		http.MethodPatch: func(ctx context.Context, c *errortracking.Client) (errortracking.Settings, error) {
			return c.UpdateSettings(ctx, project, true, &on)
		},
	}
	for name, tt := range map[string]struct {
		fault gitlabsim.Fault
		fails error
	}{
		"500 after the work":       {gitlabsim.Fault{Status: 500, After: true}, nil},
		"reset after the work":     {gitlabsim.Fault{Drop: true, After: true}, nil},
		"truncated after the work": {gitlabsim.Fault{Status: 200, Body: `{"active":`, After: true}, nil},
		"500 before the work":      {gitlabsim.Fault{Status: 500}, errortracking.ErrServer},
		"HTML before the work":     {gitlabsim.Fault{Status: 200, Body: "<html>"}, errortracking.ErrNotJSON},
		"403":                      {gitlabsim.Fault{Status: 403, Body: `{"message":"403 Forbidden"}`}, errortracking.ErrForbidden},
	} {
		for method, write := range writes {
			t.Run(name+" of "+method, func(t *testing.T) {
				t.Parallel()

				fault := tt.fault
				fault.Method, fault.Path = method, "/*"
				server := startGitLab(t, gitlabsim.Scenario{
					Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", Settings: &gitlabsim.Settings{Active: off, Integrated: on}}},
					Faults:   []gitlabsim.Fault{fault},
				})
				got, err := write(t.Context(), newClient(t, server.URL()))
				if tt.fails != nil {
					wantError(t, err, tt.fails)
					return
				}
				if err != nil || !got.Active || !got.Integrated {
					t.Errorf("got %+v and %v, want what GitLab has stored", got, err)
				}
			})
		}
	}
}

// An interrupt while settings are stored: the change is finished and known.
func TestSettingsInterrupt(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Method: http.MethodPut, Path: "/*", Status: 502, After: true, Times: 1}}})
	ctx, interrupt := context.WithCancel(t.Context())
	client := newClient(t, proxy(t, server.URL(), func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut {
			interrupt()
		}
		return true
	}))
	got, err := client.CreateSettings(ctx, project, true, true)
	if err != nil || !got.Active || !got.Integrated {
		t.Errorf("got %+v and %v, want what GitLab has stored", got, err)
	}
}
