package errortracking_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func TestGroupProjects(t *testing.T) {
	t.Parallel()

	scenario := gitlabsim.Scenario{Projects: []gitlabsim.Project{
		{ID: 1, Path: "acme/web"}, {ID: 2, Path: "other/web"}, {ID: 3, Path: "acme/sub/api"}, {ID: 4, Path: "acme/Attic", Archived: true},
	}}
	web := errortracking.Project{ID: 1, Path: "acme/web"}
	api := errortracking.Project{ID: 3, Path: "acme/sub/api"}
	attic := errortracking.Project{ID: 4, Path: "acme/Attic"}
	tests := map[string]struct {
		group     string
		subgroups bool
		want      []errortracking.Project
	}{
		"by path":       {"acme", false, []errortracking.Project{web, attic}},
		"by ID":         {"1", false, []errortracking.Project{web, attic}},
		"all below":     {"Acme", true, []errortracking.Project{web, api, attic}},
		"a subgroup":    {"acme/sub", false, []errortracking.Project{api}},
		"escaped path":  {"acme%2Fsub", true, []errortracking.Project{api}},
		"another group": {"other", true, []errortracking.Project{{ID: 2, Path: "other/web"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startGitLab(t, scenario)
			got, err := newClient(t, server.URL()).GroupProjects(t.Context(), test.group, test.subgroups)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if n := len(server.Requests()); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

func TestGroupProjectsPages(t *testing.T) {
	t.Parallel()

	scenario := gitlabsim.Scenario{}
	for id := range int64(250) {
		scenario.Projects = append(scenario.Projects, gitlabsim.Project{ID: id + 1, Path: fmt.Sprintf("acme/p%d", id)})
	}
	server := startGitLab(t, scenario)
	got, err := newClient(t, server.URL()).GroupProjects(t.Context(), "acme", true)
	if err != nil || len(got) != 250 || len(server.Requests()) != 3 {
		t.Errorf("got %d projects in %d requests and error %v, want 250 in 3", len(got), len(server.Requests()), err)
	}
}

func TestGroupProjectsErrors(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		status int
		body   string
		want   error
	}{
		"unknown":         {http.StatusNotFound, `{"message":"404 Group Not Found"}`, errortracking.ErrGroupNotFound},
		"null":            {http.StatusOK, `null`, errortracking.ErrMalformed},
		"a null":          {http.StatusOK, `[null]`, errortracking.ErrMalformed},
		"without an ID":   {http.StatusOK, `[{"path_with_namespace":"acme/web"}]`, errortracking.ErrMalformed},
		"without a path":  {http.StatusOK, `[{"id":1}]`, errortracking.ErrMalformed},
		"one alone":       {http.StatusOK, `{"id":1}`, errortracking.ErrMalformed},
		"page to sign in": {http.StatusOK, `<html>`, errortracking.ErrNotJSON},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startGitLab(t, gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Path: "/groups/*", Status: test.status, Body: test.body}}})
			projects, got := newClient(t, server.URL()).GroupProjects(t.Context(), "acme", true)
			if len(projects) > 0 {
				t.Errorf("got %v", projects)
			}
			if !errors.Is(got, test.want) {
				t.Errorf("the error is %v, want %v", got, test.want)
			}
		})
	}
}

func TestParseGroup(t *testing.T) {
	t.Parallel()
	for group, want := range map[string]string{"acme": "acme", "42": "42", "acme/sub": "acme/sub", "acme%2Fsub": "acme/sub"} {
		if got, err := errortracking.ParseGroup(group); err != nil || got != want {
			t.Errorf("%q gives %q, %v", group, got, err)
		}
	}
	for _, group := range []string{"", "/acme", "acme/", "acme//sub", "acme sub", "acme\n", "https://gitlab.com/acme", "100%"} {
		if got, err := errortracking.ParseGroup(group); !errors.Is(err, errortracking.ErrName) {
			t.Errorf("%q gives %q, %v", group, got, err)
		}
	}
	server := startGitLab(t, gitlabsim.Scenario{})
	if _, err := newClient(t, server.URL()).GroupProjects(t.Context(), "/acme", true); !errors.Is(err, errortracking.ErrName) || len(server.Requests()) > 0 {
		t.Errorf("the error is %v, after %d requests", err, len(server.Requests()))
	}
}
