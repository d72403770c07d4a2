package provider

import (
	"fmt"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func TestClientKeysDataSource(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, inactiveScenario())
	gitlab.AddProject(gitlabsim.Project{ID: 3, Path: "acme/new"})
	config, want := "", map[string]object{}
	for name, test := range map[string]struct {
		project, shown string // shown is what the keys say of it
		keys           []int64
	}{
		"path":       {"acme/web", "acme/web", []int64{3, 7, 8}},
		"other_case": {"Acme/Web", "acme/web", []int64{3, 7, 8}},
		"id":         {"1", "1", []int64{3, 7, 8}},
		"none":       {"3", "3", nil},
	} {
		keys := []object{}
		for _, id := range test.keys {
			keys = append(keys, gitlab.clientKeyData(test.shown, id))
		}
		config += fmt.Sprintf("data \"gitlab_error_tracking_client_keys\" %q {\n  project = %q\n}\n", name, test.project)
		want["gitlab_error_tracking_client_keys."+name] = object{
			"project": test.project, "keys": keys, "group": nil, "include_subgroups": nil, "unreadable": []string{},
		}
	}
	terraform := newCommandLine(t, gitlab, config)
	terraform.applyTwice(t)
	terraform.hasDataInState(t, want)
	passes(t, gitlab.wrote())
}

func TestClientKeysDataSource_fails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments string
		want      []string
	}{
		"neither":                {"", []string{"Missing Attribute Configuration"}},
		"both":                   {"project = \"1\"\n  group = \"acme\"", []string{"Invalid Attribute Combination"}},
		"subgroups of a project": {"project = \"1\"\n  include_subgroups = true", []string{"Invalid Attribute Combination"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terraform := newCommandLine(t, startTestbed(t, twoProjects()), groupDataConfigs["client keys"](test.arguments))
			terraform.fails(t, test.want, "plan")
		})
	}
}
