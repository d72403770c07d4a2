package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

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
// that GITLAB_BASE_URL and GITLAB_TOKEN name. Both end with the test. A test that needs the feature flag
// integrated_error_tracking is skipped on a real GitLab where it is off.
func startGitLab(t *testing.T, needsFlag bool) gitlabUnderTest {
	t.Helper()
	simulated := startTestbed(t, twoProjects())
	if os.Getenv(resource.EnvTfAcc) == "" {
		return gitlabUnderTest{block: simulated.config(""), project: "acme/web", projectID: "1", run: simulated.run}
	}
	remote := realGitLab{root: strings.TrimSuffix(strings.TrimRight(realEnvironment["GITLAB_BASE_URL"], "/"), "/api/v4"), token: realEnvironment["GITLAB_TOKEN"]}
	if needsFlag && !remote.hasFlag(t) {
		t.Skip("the feature flag integrated_error_tracking is off on " + remote.root)
	}
	project := remote.makeProject(t)
	return gitlabUnderTest{
		block:     providerBlock(remote.root, remote.token),
		project:   project.Path,
		projectID: fmt.Sprint(project.ID),
		run:       simulated.run,
	}
}

// realGitLab is a GitLab that tests make projects in.
type realGitLab struct {
	root, token string
}

// realProject is a project of a real GitLab, as its API tells it.
type realProject struct {
	ID   int64  `json:"id"`
	Path string `json:"path_with_namespace"`
}

// makeProject makes a project that is removed when the test ends.
func (g realGitLab) makeProject(t *testing.T) realProject {
	t.Helper()
	var group struct {
		ID int64 `json:"id"`
	}
	g.call(t, http.MethodGet, "/groups/"+url.PathEscape(realEnvironment["GITLAB_GROUP"]), nil, &group)
	var project realProject
	name := fmt.Sprintf("error-tracking-test-%d", time.Now().UnixNano())
	g.call(t, http.MethodPost, "/projects", map[string]any{"name": name, "path": name, "namespace_id": group.ID}, &project)
	t.Cleanup(func() { g.call(t, http.MethodDelete, fmt.Sprintf("/projects/%d", project.ID), nil, nil) })
	return project
}

// hasFlag reports whether the feature flag is on: while it is off, settings cannot be made through the API.
func (g realGitLab) hasFlag(t *testing.T) bool {
	t.Helper()
	path := fmt.Sprintf("/projects/%d/error_tracking/settings", g.makeProject(t).ID)
	status, answer := g.send(t, http.MethodPut, path, map[string]any{"active": false, "integrated": true})
	if status != http.StatusOK && status != http.StatusNotFound {
		t.Fatalf("PUT %s: %d: %s", path, status, answer)
	}
	return status == http.StatusOK
}

// call sends a request that has to succeed and reads the JSON of the answer into reply, unless that is nil.
func (g realGitLab) call(t *testing.T, method, path string, body, reply any) {
	t.Helper()
	status, answer := g.send(t, method, path, body)
	if status >= 300 {
		t.Fatalf("%s %s: %d: %s", method, path, status, answer)
	}
	if reply != nil {
		if err := json.Unmarshal(answer, reply); err != nil {
			t.Fatal(err)
		}
	}
}

// send sends a request to GitLab's API.
func (g realGitLab) send(t *testing.T, method, path string, body any) (status int, answer []byte) {
	t.Helper()
	payload, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	// The context of the test has ended when a project is removed.
	req, err := http.NewRequest(method, g.root+"/api/v4"+path, bytes.NewReader(payload))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+g.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}
