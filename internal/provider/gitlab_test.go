package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// gitlabUnderTest is a GitLab, real or simulated, with a project of the test's own that has no settings and no keys.
type gitlabUnderTest struct {
	block     string // the provider block
	project   string // its full path
	projectID string
	run       func(*testing.T, resource.TestCase)
}

// startGitLab gives a test the simulator; or, with TF_ACC, a new project in the group GITLAB_GROUP of the real GitLab
// that GITLAB_BASE_URL and GITLAB_TOKEN name. Both end with the test.
func startGitLab(t *testing.T) gitlabUnderTest {
	t.Helper()
	simulated := startTestbed(t, twoProjects())
	if os.Getenv(resource.EnvTfAcc) == "" {
		return gitlabUnderTest{block: simulated.config(""), project: "acme/web", projectID: "1", run: simulated.run}
	}
	remote := newRealGitLab(realEnvironment)
	project := remote.makeProject(t)
	return gitlabUnderTest{
		block:     providerBlock(remote.root, remote.token),
		project:   project.Path,
		projectID: fmt.Sprint(project.ID),
		run:       simulated.run,
	}
}

// realGitLab is a GitLab with a group that tests make projects in.
type realGitLab struct {
	root, token, group string
}

// newRealGitLab returns the GitLab that an environment names.
func newRealGitLab(environment map[string]string) realGitLab {
	root := strings.TrimRight(environment["GITLAB_BASE_URL"], "/")
	return realGitLab{root: strings.TrimSuffix(root, "/api/v4"), token: environment["GITLAB_TOKEN"], group: environment["GITLAB_GROUP"]}
}

// realProject is a project of a real GitLab.
type realProject struct {
	ID   int64  `json:"id"`
	Name string `json:"path"`
	Path string `json:"path_with_namespace"`
	// Deleted is the day GitLab removes a project that is deleted already, else empty.
	Deleted string `json:"marked_for_deletion_on"`
}

// realProjectPrefix begins the names of the projects that tests make.
const realProjectPrefix = "error-tracking-test-"

// makeProject makes a project that is removed when the test ends.
func (g realGitLab) makeProject(t *testing.T) realProject {
	t.Helper()
	var group struct {
		ID int64 `json:"id"`
	}
	if err := g.call(http.MethodGet, g.groupPath(), nil, &group); err != nil {
		t.Fatal(err)
	}
	var project realProject
	name := realProjectPrefix + strconv.FormatInt(time.Now().UnixNano(), 10)
	if err := g.call(http.MethodPost, "/projects", map[string]any{"name": name, "path": name, "namespace_id": group.ID}, &project); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.removeProject(project); err != nil {
			t.Error(err)
		}
	})
	return project
}

func (g realGitLab) removeProject(p realProject) error {
	return g.call(http.MethodDelete, fmt.Sprintf("/projects/%d", p.ID), nil, nil)
}

// sweep removes the projects that tests have left in the group.
func (g realGitLab) sweep() error {
	var left []realProject
	for page := 1; ; page++ {
		var projects []realProject
		path := fmt.Sprintf("%s/projects?order_by=id&sort=asc&per_page=100&page=%d", g.groupPath(), page)
		if err := g.call(http.MethodGet, path, nil, &projects); err != nil {
			return err
		}
		if len(projects) == 0 {
			break
		}
		left = append(left, projects...)
	}
	var failures []error
	for _, p := range left {
		if strings.HasPrefix(p.Name, realProjectPrefix) && p.Deleted == "" {
			failures = append(failures, g.removeProject(p))
		}
	}
	return errors.Join(failures...)
}

func (g realGitLab) groupPath() string { return "/groups/" + url.PathEscape(g.group) }

// call sends a request that has to succeed to GitLab's API, and reads the JSON of the answer into reply unless that is nil.
func (g realGitLab) call(method, path string, body, reply any) error {
	payload, err := json.Marshal(body)
	if err != nil {
		return err
	}
	// The context of the test has ended when a project is removed.
	req, err := http.NewRequest(method, g.root+"/api/v4"+path, bytes.NewReader(payload))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+g.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %d: %s", method, path, resp.StatusCode, answer)
	}
	if reply == nil {
		return nil
	}
	return json.Unmarshal(answer, reply)
}

func TestRealGitLab_sweep(t *testing.T) {
	t.Parallel()
	const admin = "glpat-admin-token"
	gitlab := startTestbed(t, gitlabsim.Scenario{
		Tokens: []gitlabsim.Token{{Token: admin, Admin: true}},
		Projects: []gitlabsim.Project{
			{ID: 1, Path: "acme/web"}, {ID: 2, Path: "acme/" + realProjectPrefix + "1"},
			{ID: 3, Path: "acme/sub/" + realProjectPrefix + "2"},
		},
	})
	remote := newRealGitLab(map[string]string{"GITLAB_BASE_URL": gitlab.URL() + "/api/v4/", "GITLAB_TOKEN": admin, "GITLAB_GROUP": "acme"})
	t.Run("a test removes its project", func(t *testing.T) {
		if made := remote.makeProject(t); made.ID != 4 || made.Path != "acme/"+made.Name {
			t.Errorf("made %+v", made)
		}
	})
	gitlab.ClearRequests()
	if err := remote.sweep(); err != nil {
		t.Fatal(err)
	}
	if err := gitlab.wrote("DELETE /projects/2")(nil); err != nil {
		t.Error(err)
	}
}
