package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// The projects in GitLab. acme/shop has a client key that was created by hand.
const (
	webID  = 1
	shopID = 2
)

// token is the one that Terraform uses.
const token = "demo-token"

func startGitLab() (*gitlabsim.Server, error) {
	server, err := gitlabsim.Start(gitlabsim.Scenario{
		Tokens: []gitlabsim.Token{{Token: token, Roles: map[string]string{"*": "maintainer"}}},
		Projects: []gitlabsim.Project{
			{ID: webID, Path: "acme/web"},
			{
				ID: shopID, Path: "acme/shop", ClientKeys: gitlabsim.ClientKeys{{ID: 7}},
				Settings: &gitlabsim.Settings{Active: true, Integrated: true},
			},
		},
	}, gitlabsim.Options{})
	if err != nil {
		return nil, err
	}
	server.SetDSNBaseURL(server.URL()) // so that it receives the events too
	return server, nil
}

// gitlabReceived shows the writes that GitLab has received since the last call, which must be the wanted ones.
func (d *demo) gitlabReceived(want ...string) error {
	var got []string
	for _, r := range d.gitlab.Requests() {
		if path, ok := strings.CutPrefix(r.Path, "/api/v4"); ok && r.Method != http.MethodGet {
			got = append(got, r.Method+" "+path)
		}
	}
	d.gitlab.ClearRequests()
	if len(got) == 0 {
		got = []string{"no write"}
	}
	d.story.tell(plain, "GitLab received")
	d.story.tell(result, strings.Join(got, "\n"))
	return expect(got, want)
}

// gitlabHas shows what GitLab has, which must be the wanted lines.
func (d *demo) gitlabHas(want ...string) error {
	var got []string
	for _, p := range []gitlabsim.Project{{ID: webID, Path: "acme/web"}, {ID: shopID, Path: "acme/shop"}} {
		state, keys := "off", "no client key"
		if settings, _ := d.gitlab.Settings(p.ID); settings.Active {
			state = "on"
		}
		for i, key := range d.gitlab.Keys(p.ID) {
			if i == 0 {
				keys = "client key"
			}
			keys += fmt.Sprintf(" %d", key.ID)
		}
		got = append(got, fmt.Sprintf("%s: error tracking %s, %s", p.Path, state, keys))
	}
	d.story.tell(plain, "GitLab has")
	d.story.tell(result, strings.Join(got, "\n"))
	return expect(got, want)
}
