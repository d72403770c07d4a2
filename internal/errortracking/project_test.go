package errortracking_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func TestProject(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: 1, Path: "Acme/Web", OldPaths: []string{"acme/old"}}}})
	client := newClient(t, server.URL())
	for _, project := range []string{"1", "acme/web", "Acme%2FWeb", "acme/old"} {
		got, err := client.Project(t.Context(), project)
		if want := (errortracking.Project{ID: 1, Path: "Acme/Web"}); err != nil || got != want {
			t.Errorf("%s is %v, %v, want %v", project, got, err, want)
		}
	}
	if _, err := client.Project(t.Context(), "9"); !errors.Is(err, errortracking.ErrProjectNotFound) {
		t.Errorf("project 9: %v", err)
	}
	if _, err := client.Project(t.Context(), "/web"); !errors.Is(err, errortracking.ErrName) {
		t.Errorf("project web: %v", err)
	}
}

func TestParseProject(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		id      int64
		path    string
		problem string
	}{
		"42":                           {42, "", ""},
		"007":                          {0, "007", ""},
		"+42":                          {0, "+42", ""},
		"%2B42":                        {0, "+42", ""},
		"-42":                          {0, "-42", ""},
		"9223372036854775807":          {9223372036854775807, "", ""},
		"acme/web":                     {0, "acme/web", ""},
		"acme/sub/sub.group/web-1_2":   {0, "acme/sub/sub.group/web-1_2", ""},
		"Acme/Web":                     {0, "Acme/Web", ""},
		"acme%2Fweb":                   {0, "acme/web", ""},
		"acme%2fsub%2Fweb":             {0, "acme/sub/web", ""},
		"1/2":                          {0, "1/2", ""},
		"":                             {0, "", "empty"},
		"0":                            {0, "0", ""},
		"9223372036854775808":          {0, "9223372036854775808", ""},
		"web":                          {0, "web", ""},
		"https://gitlab.com/acme/web":  {0, "", "URL"},
		"https%3A%2F%2Fgitlab.com%2Fa": {0, "", "URL"},
		"/acme/web":                    {0, "", "begins with a slash"},
		"%2Facme%2Fweb":                {0, "", "begins with a slash"},
		"/":                            {0, "", "begins with a slash"},
		"acme/web/":                    {0, "", "ends with a slash"},
		"\ufeffacme/web":               {0, "", "byte order mark"},
		"acme/web\r\n":                 {0, "", "line break"},
		"acme//web":                    {0, "", "empty part"},
		"acme/my web":                  {0, "", "space"},
		"acme/web\n":                   {0, "", "line break"},
		" 42":                          {0, "", "space"},
		"acme%20/web":                  {0, "", "space"},
		"acme/web%00":                  {0, "", "invisible character"},
		"acme%252Fweb":                 {0, "", "percent"},
		"acme/100%":                    {0, "", "percent"},
	}
	for project, tt := range tests {
		t.Run(project, func(t *testing.T) {
			t.Parallel()

			id, path, err := errortracking.ParseProject(project)
			if id != tt.id || path != tt.path || (err != nil) != (tt.problem != "") {
				t.Errorf("got %d, %q and error %v, want %d and %q", id, path, err, tt.id, tt.path)
			}
			if err == nil {
				return
			}
			if text := err.Error(); !errors.Is(err, errortracking.ErrName) || !strings.Contains(text, tt.problem) || !strings.Contains(text, `"acme/web"`) {
				t.Errorf("the error does not tell the problem %q and the right form: %v", tt.problem, err)
			}
		})
	}
}

func TestParseProjectRepeatsNoPassword(t *testing.T) {
	t.Parallel()

	_, _, err := errortracking.ParseProject("https://user:hunter2@gitlab.com/acme/web")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want an error without the password", err)
	}
}

func FuzzParseProject(f *testing.F) {
	for _, seed := range []string{
		"", "0", "42", "007", "9223372036854775808", "-1", "acme/web", "acme%2Fweb", "acme%252Fweb", "/acme/web", "acme/web/",
		"acme//web", "acme/my web", "https://gitlab.com/acme/web", "acme/100%", "a/\xff", "%34%32", "١/٢",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, project string) {
		id, path, err := errortracking.ParseProject(project)
		if err != nil {
			if id != 0 || path != "" || !errors.Is(err, errortracking.ErrName) {
				t.Errorf("%q gives %d and %q along with the error %v", project, id, path, err)
			}
			return
		}
		if (id > 0) == (path != "") || id < 0 {
			t.Fatalf("%q gives the ID %d and the path %q, want one of them", project, id, path)
		}
		shortest := path
		if id > 0 {
			shortest = strconv.FormatInt(id, 10)
		}
		againID, againPath, err := errortracking.ParseProject(shortest)
		if err != nil || againID != id || againPath != path {
			t.Errorf("%q gives %d and %q, and these give %d, %q and error %v", project, id, path, againID, againPath, err)
		}
	})
}

func TestResolveProject(t *testing.T) {
	t.Parallel()

	api := errortracking.Project{ID: 2, Path: "acme/sub/api"}
	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: 2, Path: "acme/sub/api"}, {ID: 3, Path: "acme/web"}}})
	client := newClient(t, server.URL())
	for _, tt := range []struct {
		project string
		want    errortracking.Project
	}{
		{"42", errortracking.Project{ID: 42, Path: "42"}}, {"acme/sub/api", api}, {"acme/sub/api", api}, {"Acme/Sub/API", api},
		{"acme%2Fsub%2Fapi", api}, {"acme/web", errortracking.Project{ID: 3, Path: "acme/web"}}, {"2", errortracking.Project{ID: 2, Path: "2"}},
	} {
		if found, err := client.ResolveProject(t.Context(), tt.project); err != nil || found != tt.want {
			t.Errorf("%s: got %+v and error %v, want %+v", tt.project, found, err, tt.want)
		}
	}
	wantLines(t, server, "GET /api/v4/projects/acme%2Fsub%2Fapi", "GET /api/v4/projects/acme%2Fweb")
}

func TestResolveProjectByABadName(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{})
	found, err := newClient(t, server.URL()).ResolveProject(t.Context(), "/web")
	if found.ID != 0 || !errors.Is(err, errortracking.ErrName) {
		t.Errorf("got %+v and error %v, want %v", found, err, errortracking.ErrName)
	}
	wantLines(t, server)
}

// TestResolveProjectAgainAfterFailure shows that a project which was not found may be there later in the run.
func TestResolveProjectAgainAfterFailure(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{})
	client := newClient(t, server.URL())
	_, err := client.ResolveProject(t.Context(), "acme/api")
	wantError(t, err, errortracking.ErrProjectNotFound)
	server.MoveProject(project, "acme/api")
	if found, err := client.ResolveProject(t.Context(), "acme/api"); err != nil || found.ID != project {
		t.Errorf("got %+v and error %v, want project %d", found, err, project)
	}
}

// A path that leads nowhere is asked for once, until its ID is needed.
func TestProjectNotFoundOnce(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{})
	client := newClient(t, server.URL())
	for range 3 {
		_, err := client.Project(t.Context(), "Acme/API")
		wantError(t, err, errortracking.ErrProjectNotFound)
	}
	const asked = "GET /api/v4/projects/acme%2Fapi"
	wantLines(t, server, asked)
	_, err := client.ResolveProject(t.Context(), "acme/api")
	wantError(t, err, errortracking.ErrProjectNotFound)
	wantLines(t, server, asked, asked)
	server.MoveProject(project, "acme/api")
	if found, err := client.ResolveProject(t.Context(), "acme/API"); err != nil || found.ID != project {
		t.Errorf("got %+v and error %v, want project %d", found, err, project)
	}
	if found, err := client.Project(t.Context(), "acme/api"); err != nil || found.ID != project {
		t.Errorf("got %+v and error %v, want %d", found, err, project)
	}
	wantLines(t, server, asked, asked, asked)
}

func TestMovedProject(t *testing.T) {
	t.Parallel()

	for _, external := range []string{"", "https://gitlab.example.com"} {
		for _, old := range []string{"acme/old", "42acme/old"} {
			t.Run(old+" "+external, func(t *testing.T) {
				t.Parallel()

				server := startGitLab(t, gitlabsim.Scenario{
					ExternalURL: external,
					Projects:    []gitlabsim.Project{{ID: 3, Path: "acme/new", OldPaths: []string{old}}},
				})
				// What is masked in messages, here parts of the Location, is not masked before it is read.
				headers := func(o *errortracking.Options) { o.Headers = map[string]string{"X-Scheme": "http", "X-Version": "3"} }
				found, err := newClient(t, server.URL(), headers).ResolveProject(t.Context(), old)
				if want := (errortracking.Project{ID: 3, Path: "acme/new"}); err != nil || found != want {
					t.Errorf("got %+v and error %v, want %+v", found, err, want)
				}
				wantLines(t, server, "GET /api/v4/projects/"+url.PathEscape(old), "GET /api/v4/projects/3")
			})
		}
	}
}

// A sign-in page that is told where to return to is no moved project.
func TestMovedProject_signIn(t *testing.T) {
	t.Parallel()

	server := startServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "https://sso.example.com/login?rd=https://gitlab.example.com/api/v4/projects/3")
		w.WriteHeader(http.StatusFound)
	})
	_, err := newClient(t, server.URL).ResolveProject(t.Context(), "acme/web")
	wantError(t, err, errortracking.ErrRedirected)
	if n := len(server.seen()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

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
