package errortracking_test

import (
	"context"
	"errors"
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
		got, err := newClient(t, server.URL()).PutSettings(t.Context(), project, want.Active, want.Integrated)
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
			got, err := newClient(t, server.URL()).PatchSettings(t.Context(), project, false, tt.integrated)
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
	// Of a Sentry that is switched off, and on as wanted: by PUT to the integrated backend, by PATCH as it is.
	writes := map[string]errortracking.WantedSettings{
		http.MethodPut:   {Active: true, Integrated: &on},
		http.MethodPatch: {Active: true},
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
		for method, wanted := range writes {
			t.Run(name+" of "+method, func(t *testing.T) {
				t.Parallel()

				fault := tt.fault
				fault.Method, fault.Path = method, "/*"
				server := startGitLab(t, gitlabsim.Scenario{
					Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", Settings: &gitlabsim.Settings{Active: off, APIURL: new("https://sentry.example.com/api/0/projects/o/p/")}}},
					Faults:   []gitlabsim.Fault{fault},
				})
				got, err := newClient(t, server.URL()).SaveSettings(t.Context(), project, wanted)
				if tt.fails != nil {
					wantError(t, err, tt.fails)
					return
				}
				if err != nil || !got.Active || got.Integrated != (wanted.Integrated != nil) {
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
	got, err := client.SaveSettings(ctx, project, errortracking.WantedSettings{Active: true})
	if err != nil || !got.Active || !got.Integrated {
		t.Errorf("got %+v and %v, want what GitLab has stored", got, err)
	}
}

// Which request is sent depends on what there is and what is wanted.
func TestSaveSettings_method(t *testing.T) {
	t.Parallel()
	integrated := gitlabsim.Settings{Active: true, Integrated: true}
	sentry := gitlabsim.Settings{Active: true, APIURL: new("https://sentry.example.com/api/0/projects/o/p/")}
	for name, test := range map[string]struct {
		row     *gitlabsim.Settings
		flagOff bool
		wanted  errortracking.WantedSettings
		method  string // of the write, empty for none
		fails   error
	}{
		"none":                        {nil, false, errortracking.WantedSettings{Active: true}, http.MethodPut, nil},
		"none, inactive":              {nil, false, errortracking.WantedSettings{}, http.MethodPut, nil},
		"none, inactive Sentry":       {nil, false, errortracking.WantedSettings{Integrated: new(false)}, http.MethodPut, nil},
		"none, Sentry":                {nil, false, errortracking.WantedSettings{Active: true, Integrated: new(false)}, http.MethodPut, errortracking.ErrRejected},
		"none, flag off":              {nil, true, errortracking.WantedSettings{Active: true}, http.MethodPut, errortracking.ErrFeatureDisabled},
		"as wanted":                   {&integrated, false, errortracking.WantedSettings{Active: true, Integrated: new(true)}, "", nil},
		"as wanted, unset":            {&sentry, false, errortracking.WantedSettings{Active: true}, "", nil},
		"off":                         {&integrated, false, errortracking.WantedSettings{}, http.MethodPatch, nil},
		"off, integrated":             {&integrated, false, errortracking.WantedSettings{Integrated: new(true)}, http.MethodPut, nil},
		"Sentry to integrated":        {&sentry, false, errortracking.WantedSettings{Active: true, Integrated: new(true)}, http.MethodPut, nil},
		"Sentry to integrated, no":    {&sentry, true, errortracking.WantedSettings{Active: true, Integrated: new(true)}, http.MethodPut, errortracking.ErrFeatureDisabled},
		"Sentry off, flag off":        {&sentry, true, errortracking.WantedSettings{}, http.MethodPatch, nil},
		"integrated to Sentry, none":  {&integrated, false, errortracking.WantedSettings{Active: true, Integrated: new(false)}, http.MethodPatch, errortracking.ErrRejected},
		"integrated to Sentry, later": {&integrated, false, errortracking.WantedSettings{Integrated: new(false)}, http.MethodPatch, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", Settings: test.row}}}
			if test.flagOff {
				scenario.IntegratedErrorTracking = new(false)
			}
			server := startGitLab(t, scenario)
			saved, err := newClient(t, server.URL()).SaveSettings(t.Context(), project, test.wanted)
			var methods string
			for _, r := range server.Requests() {
				if r.Method != http.MethodGet {
					methods += r.Method
				}
			}
			if methods != test.method {
				t.Errorf("the writes were %q, want %q", methods, test.method)
			}
			row, ok := server.Settings(project)
			if test.fails != nil {
				wantError(t, err, test.fails)
				if ok != (test.row != nil) || ok && row.Integrated != test.row.Integrated || len(server.Keys(project)) > 0 {
					t.Errorf("GitLab has %+v and the keys %v, want it as before", row, server.Keys(project))
				}
				return
			}
			if err != nil || saved.Active != test.wanted.Active || row.Active != test.wanted.Active {
				t.Errorf("got %+v and error %v; GitLab has %+v", saved, err, row)
			}
			if (saved.Before != nil) != (test.row != nil) {
				t.Errorf("the settings before are %+v", saved.Before)
			}
		})
	}
}

// GitLab says that it stored something else: the error has both.
func TestSaveSettings_notApplied(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Method: http.MethodPut, Path: "/*", Status: 200,
		Body: `{"active":true,"project_name":null,"sentry_external_url":null,"api_url":null,"integrated":false}`}}})
	_, err := newClient(t, server.URL()).SaveSettings(t.Context(), project, errortracking.WantedSettings{Active: true})
	if failed := wantError(t, err, errortracking.ErrNotApplied); !failed.Sent || failed.Cause() != "asked for active = true, integrated = true, GitLab says active = true, integrated = false" {
		t.Errorf("got %+v", failed)
	}
}

// Settings that the client has saved are not reset for another object, and none there is nothing to reset.
func TestResetSettings(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{})
	client := newClient(t, server.URL())
	if err := client.ResetSettings(t.Context(), project, errortracking.WantedSettings{}); err != nil {
		t.Errorf("without settings: %v", err)
	}
	if _, err := client.SaveSettings(t.Context(), project, errortracking.WantedSettings{Active: true}); err != nil {
		t.Fatal(err)
	}
	err := client.ResetSettings(t.Context(), project, errortracking.WantedSettings{})
	if row, _ := server.Settings(project); !errors.Is(err, errortracking.ErrSettingsInUse) || !row.Active {
		t.Errorf("got error %v and the settings %+v, want them left alone", err, row)
	}
	if err := newClient(t, server.URL()).ResetSettings(t.Context(), project, errortracking.WantedSettings{}); err != nil {
		t.Error(err)
	}
	if row, _ := server.Settings(project); row.Active {
		t.Errorf("the settings are %+v, want them off", row)
	}
}
