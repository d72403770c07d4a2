package main

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// token is the one that Terraform uses, and webID is the ID of acme/web.
const token, webID = "demo-token", 1

// scenario is what GitLab has at first. The client key of acme/shop was created by hand.
var scenario = gitlabsim.Scenario{
	Tokens: []gitlabsim.Token{{Token: token, Roles: map[string]string{"*": "maintainer"}}},
	Projects: []gitlabsim.Project{{ID: webID, Path: "acme/web"}, {
		ID: 2, Path: "acme/shop", ClientKeys: gitlabsim.ClientKeys{{ID: 7}}, Settings: &gitlabsim.Settings{Active: true, Integrated: true},
	}},
}

// look shows the writes that GitLab has received since the last look, and what it has. They must match the patterns, and
// nothing may change for acme/shop.
func (d *demo) look(received, web string) {
	if d.err != nil {
		return
	}
	var writes []string
	for _, r := range d.gitlab.Requests() {
		if _, what, ok := strings.Cut(r.Path, "/error_tracking/"); ok && r.Method != http.MethodGet {
			writes = append(writes, r.Method+" "+what)
		}
	}
	d.gitlab.ClearRequests()
	projects := scenario.Projects
	got := []string{cmp.Or(strings.Join(writes, ", "), "nothing"), d.has(projects[0].ID), d.has(projects[1].ID)}
	d.tell(plain, "GitLab received "+got[0]+". It has")
	d.tell(result, fmt.Sprintf("%s: %s\n%s: %s", projects[0].Path, got[1], projects[1].Path, got[2]))
	for i, want := range []string{received, web, "error tracking on, client key 7"} {
		if !regexp.MustCompile("^(" + want + ")$").MatchString(got[i]) {
			d.err = fmt.Errorf("expected %q instead of %q", want, got[i])
		}
	}
}

// has says what a project has.
func (d *demo) has(project int64) string {
	state, keys := "error tracking off", ""
	if settings, _ := d.gitlab.Settings(project); settings.Active {
		state = "error tracking on"
	}
	for _, key := range d.gitlab.Keys(project) {
		keys += fmt.Sprintf(", client key %d", key.ID)
	}
	return state + cmp.Or(keys, ", no client key")
}
