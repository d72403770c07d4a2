package errortracking_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
			if applied := tt.flag; applied != (err == nil) || !applied && !errors.Is(err, errortracking.ErrNotApplied) || !reflect.DeepEqual(got, tt.want) {
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

// After a lost answer the settings may be as wanted, as before, or neither. Only as before they are surely not stored.
func TestSaveSettings_lostAndRead(t *testing.T) {
	t.Parallel()
	const (
		off, on       = `{"active":false,"integrated":false}`, `{"active":true,"integrated":false}`
		offHere, here = `{"active":false,"integrated":true}`, `{"active":true,"integrated":true}`
		none          = ""
	)
	for name, test := range map[string]struct {
		before, after string
		stored, sent  bool
	}{
		"as wanted":             {off, here, true, false},
		"as wanted, new":        {none, here, true, false},
		"as before":             {off, off, false, false},
		"active as before":      {on, on, false, false},
		"none as before":        {none, none, false, false},
		"active alone":          {off, on, false, true},
		"integrated alone":      {off, offHere, false, true},
		"new, not as wanted":    {none, off, false, true},
		"gone":                  {off, none, false, true},
		"what cannot be read":   {off, "<html>", false, true},
		"none that can be read": {none, "<html>", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var written atomic.Bool
			server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
				body := test.before
				if written.Load() {
					body = test.after
				}
				switch {
				case r.Method == http.MethodPut:
					written.Store(true)
					w.WriteHeader(http.StatusBadGateway)
				case strings.HasSuffix(r.URL.Path, "/client_keys"):
					answering(http.StatusOK, "[]")(w, r)
				case body == none:
					answering(http.StatusNotFound, `{"message":"404 Error Tracking Setting Not Found"}`)(w, r)
				default:
					answering(http.StatusOK, body)(w, r)
				}
			})
			wanted := errortracking.WantedSettings{Active: true, Integrated: new(true)}
			saved, err := newClient(t, server.URL, retries(0)).SaveSettings(t.Context(), project, wanted)
			if test.stored {
				if err != nil || !saved.Active || !saved.Integrated {
					t.Errorf("got %+v and error %v, want what GitLab has", saved, err)
				}
				return
			}
			if failed := wantError(t, err, errortracking.ErrServer); failed.Sent != test.sent {
				t.Errorf("got %+v, want Sent %t", failed, test.sent)
			}
		})
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

// Which request is sent depends on what there is, what is wanted, and nothing else. A refused one changes nothing.
func TestSaveSettings_method(t *testing.T) {
	t.Parallel()
	const (
		put   = http.MethodPut
		patch = http.MethodPatch
	)
	rejected, disabled := errortracking.ErrNoSentry, errortracking.ErrFeatureDisabled
	rows := map[string]*gitlabsim.Settings{
		"none":       nil,
		"integrated": {Active: true, Integrated: true},
		"Sentry":     {Active: true, APIURL: new("https://sentry.example.com/api/0/projects/o/p/"), ProjectName: new("P")},
	}
	type result struct {
		method string // of the write, empty for none
		fails  error
	}
	for _, test := range []struct {
		row         string
		active      bool
		integrated  *bool
		on, flagOff result
	}{
		{"none", true, nil, result{put, nil}, result{put, disabled}},
		{"none", true, new(true), result{put, nil}, result{put, disabled}},
		{"none", true, new(false), result{put, rejected}, result{put, disabled}},
		{"none", false, nil, result{put, nil}, result{put, disabled}},
		{"none", false, new(true), result{put, nil}, result{put, disabled}},
		{"none", false, new(false), result{put, nil}, result{put, disabled}},
		// While the flag is off, GitLab says that the integrated row is not integrated.
		{"integrated", true, nil, result{"", nil}, result{"", nil}},
		{"integrated", true, new(true), result{"", nil}, result{put, disabled}},
		{"integrated", true, new(false), result{patch, rejected}, result{"", nil}},
		{"integrated", false, nil, result{patch, nil}, result{patch, nil}},
		{"integrated", false, new(true), result{put, nil}, result{put, disabled}},
		{"integrated", false, new(false), result{patch, nil}, result{patch, nil}},
		{"Sentry", true, nil, result{"", nil}, result{"", nil}},
		{"Sentry", true, new(true), result{put, nil}, result{put, disabled}},
		{"Sentry", true, new(false), result{"", nil}, result{"", nil}},
		{"Sentry", false, nil, result{patch, nil}, result{patch, nil}},
		{"Sentry", false, new(true), result{put, nil}, result{put, disabled}},
		{"Sentry", false, new(false), result{patch, nil}, result{patch, nil}},
	} {
		for flag, want := range map[bool]result{true: test.on, false: test.flagOff} {
			integrated := "unset"
			if test.integrated != nil {
				integrated = strconv.FormatBool(*test.integrated)
			}
			t.Run(fmt.Sprintf("%s, active %t, integrated %s, flag %t", test.row, test.active, integrated, flag), func(t *testing.T) {
				t.Parallel()
				server := startGitLab(t, gitlabsim.Scenario{IntegratedErrorTracking: &flag,
					Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", Settings: rows[test.row]}}})
				saved, err := newClient(t, server.URL()).SaveSettings(t.Context(), project,
					errortracking.WantedSettings{Active: test.active, Integrated: test.integrated})

				writes := want.method
				if writes != "" && test.active && (test.integrated == nil || *test.integrated) {
					writes = "POST, " + writes + ", DELETE"
				}
				if got := writesTo(server); got != writes {
					t.Errorf("the writes were %q, want %q", got, writes)
				}
				if want.method == "" {
					wantLines(t, server, "GET /api/v4/projects/1/error_tracking/settings")
				}
				if (saved.Before != nil) != (rows[test.row] != nil) {
					t.Errorf("the settings before are %+v", saved.Before)
				}
				stored, exists := server.Settings(project)
				if want.fails != nil || want.method == "" {
					if exists != (rows[test.row] != nil) || exists && !reflect.DeepEqual(stored, *rows[test.row]) || len(server.Keys(project)) > 0 {
						t.Errorf("GitLab has %+v and the keys %v, want it as before", stored, server.Keys(project))
					}
				}
				if want.fails != nil {
					wantError(t, err, want.fails)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				wantIntegrated := stored.Integrated && flag
				if test.integrated != nil {
					wantIntegrated = *test.integrated
				}
				if saved.Active != test.active || saved.Integrated != wantIntegrated || stored.Active != test.active {
					t.Errorf("got %+v; GitLab has %+v", saved, stored)
				}
				if got := server.Keys(project); len(got) != 0 || saved.UntrackedErr != nil {
					t.Errorf("GitLab has the keys %v, %+v may be left, want none", got, saved.Untracked)
				}
			})
		}
	}
}

// Settings that the client has saved, or found as wanted, are not reset for another object.
func TestResetSettings(t *testing.T) {
	t.Parallel()
	integrated := gitlabsim.Settings{Active: true, Integrated: true}
	for name, test := range map[string]struct {
		row      *gitlabsim.Settings
		save     bool
		active   *bool
		fails    error
		requests int // after the save
		left     *gitlabsim.Settings
	}{
		"saved":           {save: true, active: new(false), fails: errortracking.ErrSettingsInUse, left: &integrated},
		"found as wanted": {row: &integrated, save: true, active: new(false), fails: errortracking.ErrSettingsInUse, left: &integrated},
		"not saved":       {row: &integrated, active: new(false), requests: 2, left: &gitlabsim.Settings{Integrated: true}},
		"nothing to set":  {row: &integrated, requests: 1, left: &integrated},
		"none":            {active: new(false), requests: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", Settings: test.row}}})
			client := newClient(t, server.URL())
			if test.save {
				if _, err := client.SaveSettings(t.Context(), project, errortracking.WantedSettings{Active: true}); err != nil {
					t.Fatal(err)
				}
			}
			server.ClearRequests()
			_, err := client.ResetSettings(t.Context(), project, test.active, nil)
			if test.fails != nil {
				if failed := wantError(t, err, test.fails); failed.Sent || failed.Method != "" {
					t.Errorf("got %+v, want that nothing was sent", failed)
				}
			} else if err != nil {
				t.Error(err)
			}
			if got := len(server.Requests()); got != test.requests {
				t.Errorf("%d requests, want %d", got, test.requests)
			}
			row, ok := server.Settings(project)
			if ok != (test.left != nil) || ok && row != *test.left {
				t.Errorf("GitLab has the settings %+v (%t), want %+v", row, ok, test.left)
			}
		})
	}
}

// The first attempt is stored, and the others do not reach GitLab: it counts as unclear, not as refused, and is looked at.
func TestSaveSettings_storedBeforeTheLastAttempt(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]gitlabsim.Fault{
		"429": {Status: 429}, "403": {Status: 403, Body: `{"message":"403 Forbidden"}`}, "redirect": {Status: 302},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := gitlabsim.Fault{Method: http.MethodPut, Path: "/*", Drop: true, After: true, Times: 1}
			last.Method, last.Path = http.MethodPut, "/*"
			server := startGitLab(t, gitlabsim.Scenario{Faults: []gitlabsim.Fault{first, last}})
			client := newClient(t, server.URL(), retries(1))
			if _, err := client.SaveSettings(t.Context(), project, errortracking.WantedSettings{Active: true}); err != nil {
				t.Fatal(err)
			}
			if _, err := client.AddClientKey(t.Context(), project); err != nil || len(server.Keys(project)) != 1 {
				t.Errorf("got error %v and the keys %v, want one", err, server.Keys(project))
			}
		})
	}
}

// A request that reads changes nothing, whatever becomes of it.
func TestSaveSettings_failedRead(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]gitlabsim.Fault{
		"502": {Status: 502}, "cut": {Drop: true}, "sign-in page": {Status: 200, Body: "<html>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fault.Method, fault.Path = http.MethodGet, "/*"
			server := startGitLab(t, gitlabsim.Scenario{Faults: []gitlabsim.Fault{fault}})
			_, err := newClient(t, server.URL()).SaveSettings(t.Context(), project, errortracking.WantedSettings{Active: true})
			if failed, ok := errors.AsType[*errortracking.Error](err); !ok || failed.Sent {
				t.Errorf("got %+v, want an error of a request that changes nothing", err)
			}
		})
	}
}

// A reset to integrated tracking changes nothing while the feature flag is off, and makes no settings.
func TestResetSettings_integrated(t *testing.T) {
	t.Parallel()
	scenario := gitlabsim.Scenario{IntegratedErrorTracking: new(false), Projects: []gitlabsim.Project{
		{ID: 1, Path: "acme/web", Settings: &gitlabsim.Settings{APIURL: new("https://sentry.example.com/api/0/projects/o/p/")}}, {ID: 2, Path: "acme/api"},
	}}
	server := startGitLab(t, scenario)
	client := newClient(t, server.URL())
	_, err := client.ResetSettings(t.Context(), 1, nil, new(true))
	wantError(t, err, errortracking.ErrFeatureDisabled)
	if row, _ := server.Settings(1); row.Active || row.Integrated {
		t.Errorf("the settings are %+v, want them as before", row)
	}
	if _, err := client.ResetSettings(t.Context(), 2, nil, new(true)); err != nil {
		t.Error(err)
	}
	if row, ok := server.Settings(2); ok {
		t.Errorf("the reset made the settings %+v", row)
	}
}

// What GitLab has after a save, and what the caller is told, for each response to each of the three requests. GitLab makes a
// key by itself where there is no active one when integrated tracking is saved.
func TestSaveSettings_leavesNoKey(t *testing.T) {
	t.Parallel()
	const settings, keys, key = "/projects/1/error_tracking/settings", "/projects/1/error_tracking/client_keys", "/projects/1/error_tracking/client_keys/*"
	forbidden := `{"message":"403 Forbidden"}`
	post := func(f gitlabsim.Fault) []gitlabsim.Fault {
		f.Method, f.Path = http.MethodPost, keys
		return []gitlabsim.Fault{f}
	}
	put := func(f gitlabsim.Fault) []gitlabsim.Fault {
		f.Method, f.Path = http.MethodPut, settings
		return []gitlabsim.Fault{f}
	}
	remove := func(f gitlabsim.Fault) []gitlabsim.Fault {
		f.Method, f.Path = http.MethodDelete, key
		return []gitlabsim.Fault{f}
	}
	noList := gitlabsim.Fault{Method: http.MethodGet, Path: keys, Status: 403, Body: forbidden}
	for name, test := range map[string]struct {
		before   gitlabsim.ClientKeys
		faults   []gitlabsim.Fault
		flagOff  bool
		fails    error
		left     []int64 // what GitLab has that was not there before
		told     error   // why something may be left, nil for no such word
		toldKeys []int64
	}{
		"no trouble":                       {},
		"an active key before":             {before: gitlabsim.MakeKeys(1)},
		"an inactive key before":           {before: gitlabsim.ClientKeys{{ID: 1, Inactive: true}}},
		"POST 403":                         {faults: post(gitlabsim.Fault{Status: 403, Body: forbidden}), left: []int64{1}, told: errortracking.ErrForbidden, toldKeys: []int64{1}},
		"POST 403, an active key before":   {before: gitlabsim.MakeKeys(1), faults: post(gitlabsim.Fault{Status: 403, Body: forbidden})},
		"POST 403, an inactive key before": {before: gitlabsim.ClientKeys{{ID: 1, Inactive: true}}, faults: post(gitlabsim.Fault{Status: 403, Body: forbidden}), left: []int64{2}, told: errortracking.ErrForbidden, toldKeys: []int64{2}},
		"POST and list 403":                {faults: append(post(gitlabsim.Fault{Status: 403, Body: forbidden}), noList), left: []int64{1}, told: errortracking.ErrForbidden},
		"POST and PUT 403":                 {faults: append(post(gitlabsim.Fault{Status: 403, Body: forbidden}), put(gitlabsim.Fault{Status: 403, Body: forbidden})...), fails: errortracking.ErrForbidden},
		"POST 429":                         {faults: post(gitlabsim.Fault{Status: 429, Times: 1})},
		"POST 502, done":                   {faults: post(gitlabsim.Fault{Status: 502, After: true}), left: []int64{1}, told: errortracking.ErrServer, toldKeys: []int64{1}},
		"POST 502, not done":               {faults: post(gitlabsim.Fault{Status: 502}), left: []int64{1}, told: errortracking.ErrServer, toldKeys: []int64{1}},
		"POST cut, done":                   {faults: post(gitlabsim.Fault{Drop: true, After: true}), left: []int64{1}, told: errortracking.ErrConnection, toldKeys: []int64{1}},
		"POST cut, not done":               {faults: post(gitlabsim.Fault{Drop: true}), left: []int64{1}, told: errortracking.ErrConnection, toldKeys: []int64{1}},
		"POST cut, PUT 403":                {faults: append(post(gitlabsim.Fault{Drop: true, After: true}), put(gitlabsim.Fault{Status: 403, Body: forbidden})...), fails: errortracking.ErrForbidden, left: []int64{1}, told: errortracking.ErrConnection, toldKeys: []int64{1}},
		"PUT 403":                          {faults: put(gitlabsim.Fault{Status: 403, Body: forbidden}), fails: errortracking.ErrForbidden},
		"flag off":                         {flagOff: true, fails: errortracking.ErrFeatureDisabled},
		"PUT 429":                          {faults: put(gitlabsim.Fault{Status: 429, Times: 1})},
		"PUT 502, done":                    {faults: put(gitlabsim.Fault{Status: 502, After: true})},
		"PUT 502 once, done":               {faults: put(gitlabsim.Fault{Status: 502, After: true, Times: 1})},
		"PUT 502, not done":                {faults: put(gitlabsim.Fault{Status: 502}), fails: errortracking.ErrServer},
		"PUT cut, done":                    {faults: put(gitlabsim.Fault{Drop: true, After: true})},
		"DELETE 403":                       {faults: remove(gitlabsim.Fault{Status: 403, Body: forbidden}), left: []int64{1}, told: errortracking.ErrForbidden, toldKeys: []int64{1}},
		"DELETE 404":                       {faults: remove(gitlabsim.Fault{Status: 404, Body: `{"message":"404 Not found"}`, After: true})},
		"DELETE 502 once, done":            {faults: remove(gitlabsim.Fault{Status: 502, After: true, Times: 1})},
		"DELETE 502, done":                 {faults: remove(gitlabsim.Fault{Status: 502, After: true})},
		"DELETE 502, not done":             {faults: remove(gitlabsim.Fault{Status: 502}), left: []int64{1}, told: errortracking.ErrServer, toldKeys: []int64{1}},
		"DELETE cut, done":                 {faults: remove(gitlabsim.Fault{Drop: true, After: true})},
		"DELETE and list 403":              {faults: append(remove(gitlabsim.Fault{Status: 403, Body: forbidden}), noList), left: []int64{1}, told: errortracking.ErrForbidden, toldKeys: []int64{1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startGitLab(t, gitlabsim.Scenario{IntegratedErrorTracking: new(!test.flagOff), Faults: test.faults,
				Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: test.before}}})
			saved, err := newClient(t, server.URL(), retries(1)).SaveSettings(t.Context(), project, errortracking.WantedSettings{Active: true})
			switch {
			case test.fails != nil:
				wantError(t, err, test.fails)
			case err != nil || !saved.Active || !saved.Integrated:
				t.Errorf("got %+v and error %v, want active integrated settings", saved, err)
			}
			if got := serverKeys(server)[len(test.before):]; !slices.Equal(got, test.left) {
				t.Errorf("GitLab has the further keys %v, want %v", got, test.left)
			}
			if (saved.UntrackedErr != nil) != (test.told != nil) {
				t.Fatalf("the caller is told of %+v, want %v", saved.Untracked, test.told)
			}
			if test.told != nil {
				wantError(t, saved.UntrackedErr, test.told)
				if got := ids(saved.Untracked); !slices.Equal(got, test.toldKeys) {
					t.Errorf("the caller is told of the keys %v, want %v", got, test.toldKeys)
				}
			}
		})
	}
}

// Whether GitLab stored the settings stays open: so does whether it makes a key when it does.
func TestSaveSettings_unclearKey(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Method: http.MethodPut, Path: "/*", Status: 502}}})
	var written atomic.Bool
	client := newClient(t, proxy(t, server.URL(), func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/settings") && written.Load() {
			answering(http.StatusForbidden, `{"message":"403 Forbidden"}`)(w, r)
			return false
		}
		written.Store(written.Load() || r.Method == http.MethodPut)
		return true
	}), retries(0))
	saved, err := client.SaveSettings(t.Context(), project, errortracking.WantedSettings{Active: true})
	if failed := wantError(t, err, errortracking.ErrServer); !failed.Sent || !saved.Active || !saved.Integrated {
		t.Errorf("got %+v and %+v, want settings that may be stored", saved, failed)
	}
	if saved.UntrackedErr == nil || !errors.Is(saved.UntrackedErr, errortracking.ErrServer) || len(serverKeys(server)) != 0 {
		t.Errorf("the caller is told of %+v, want the save's error", saved.Untracked)
	}
}

// An interrupt during any of the requests leaves no key, and begins no write.
func TestSaveSettings_interruptedKey(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]struct {
		writes string
		stored bool
	}{
		http.MethodGet:    {"", false},
		http.MethodPost:   {"POST, DELETE", false},
		http.MethodPut:    {"POST, PUT, DELETE", true},
		http.MethodDelete: {"POST, PUT, DELETE", true},
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			server := startGitLab(t, gitlabsim.Scenario{})
			ctx, interrupt := context.WithCancel(t.Context())
			client := newClient(t, proxy(t, server.URL(), func(_ http.ResponseWriter, r *http.Request) bool {
				if r.Method == method {
					interrupt()
				}
				return true
			}))
			saved, err := client.SaveSettings(ctx, project, errortracking.WantedSettings{Active: true})
			if _, stored := server.Settings(project); stored != want.stored || (err == nil) != want.stored {
				t.Errorf("GitLab has settings: %t, error %v, want them stored: %t", stored, err, want.stored)
			}
			if got := writesTo(server); got != want.writes || len(server.Keys(project)) != 0 || saved.UntrackedErr != nil {
				t.Errorf("after %q GitLab has the keys %v, and %+v may be left; want %q and no key", got, serverKeys(server), saved.Untracked, want.writes)
			}
		})
	}
}

// A key that somebody else makes or deletes around any of the requests is not touched, nor mistaken for our own.
func TestSaveSettings_othersKeys(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		for _, before := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s %t", method, before), func(t *testing.T) {
				t.Parallel()
				server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(1)}}})
				var once sync.Once
				var others int64
				meanwhile := func() {
					once.Do(func() {
						others = server.AddKey(project).ID
						server.RemoveKey(project, 1)
					})
				}
				client := newClient(t, proxyAround(t, server.URL(), func(w http.ResponseWriter, r *http.Request, handOn http.Handler) {
					if r.Method == method && before {
						meanwhile()
					}
					handOn.ServeHTTP(w, r)
					if r.Method == method {
						meanwhile()
					}
				}))
				saved, err := client.SaveSettings(t.Context(), project, errortracking.WantedSettings{Active: true})
				if err != nil || saved.UntrackedErr != nil {
					t.Errorf("got %+v and error %v", saved, err)
				}
				key, err := client.AddClientKey(t.Context(), project)
				if got := serverKeys(server); err != nil || !slices.Equal(got, []int64{others, key.ID}) {
					t.Errorf("GitLab has the keys %v, error %v, want the other's %d and our own %d", got, err, others, key.ID)
				}
			})
		}
	}
}

// Two runs, or two configurations of the provider, at once: a key for each that asks for one.
func TestSaveSettings_twoClients(t *testing.T) {
	t.Parallel()
	for range 50 {
		server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", Settings: &gitlabsim.Settings{Integrated: true}}}})
		var runs sync.WaitGroup
		var got [2]int64
		for i := range got {
			runs.Go(func() {
				client := newClient(t, server.URL())
				if saved, err := client.SaveSettings(t.Context(), project, errortracking.WantedSettings{Active: true}); err != nil || saved.UntrackedErr != nil {
					t.Errorf("got %+v and error %v", saved, err)
				}
				key, err := client.AddClientKey(t.Context(), project)
				if err != nil {
					t.Error(err)
				}
				got[i] = key.ID
			})
		}
		runs.Wait()
		slices.Sort(got[:])
		if there := serverKeys(server); !slices.Equal(there, got[:]) || got[0] == got[1] {
			t.Fatalf("GitLab has the keys %v, the runs have %v", there, got)
		}
	}
}

// A save costs the same whatever keys there are, and one that changes nothing costs a reading.
func TestSaveSettings_requests(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(250)}}})
	client := newClient(t, server.URL())
	for _, want := range []int{4, 1} {
		server.ClearRequests()
		if err := saveActive(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if got := len(server.Requests()); got != want {
			t.Errorf("%d requests, want %d", got, want)
		}
	}
}

// Many objects of a project that the token cannot see cost one request.
func TestSharedSettings_projectNotFoundOnce(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{})
	client := newClient(t, server.URL())
	for range 2 {
		_, err := client.SharedSettings(t.Context(), 99)
		wantError(t, err, errortracking.ErrProjectNotFound)
	}
	wantLines(t, server, "GET /api/v4/projects/99/error_tracking/settings")
}

// A reading that failed for a reset is not used by the save that follows it.
func TestSaveSettings_afterAFailedReset(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{
		Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", Settings: &gitlabsim.Settings{Active: true}}},
		Faults:   []gitlabsim.Fault{{Method: http.MethodGet, Path: "/projects/1/*", Status: 403, Body: `{"message":"403 Forbidden"}`, Times: 1}},
	})
	client := newClient(t, server.URL())
	_, err := client.ResetSettings(t.Context(), project, new(false), nil)
	wantError(t, err, errortracking.ErrForbidden)
	if saved, err := client.SaveSettings(t.Context(), project, errortracking.WantedSettings{Active: false}); err != nil || saved.Active {
		t.Errorf("got %+v and error %v", saved, err)
	}
}
