package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// TestScale_apply holds the requests of an apply that makes many keys, and of the plan after it.
func TestScale_apply(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		projects, keys int
		path           bool // projects are given by path rather than by ID
		others         int  // keys in each project that are not in the configuration
		pages          int  // of a project's keys
	}{
		{name: "20 keys in 10 projects by path", projects: 10, keys: 20, path: true, pages: 1},
		{name: "20 of 110 keys in one project", projects: 1, keys: 20, others: 90, pages: 2},
		{name: "10 of 210 keys in one project by path", projects: 1, keys: 10, path: true, others: 200, pages: 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, manyProjects(tt.projects, tt.others))
			terraform := newCommandLine(t, gitlab, manyKeysConfig(tt.projects, tt.keys, tt.path))
			terraform.succeeds(t, "apply", "-auto-approve")
			passes(t, gitlab.listedAtMost(2), gitlab.askedBesidesListings(applyRequests(tt.projects, tt.keys, tt.path)...))
			terraform.changesNothing(t)
			passes(t, gitlab.asked(planRequests(tt.projects, tt.pages, tt.path)...))
			terraform.destroy(t)
			passes(t, gitlab.hasKeysEach(tt.projects, tt.others))
		})
	}
}

// TestScale_plan holds the requests of a plan of many keys that finds nothing to change. An apply makes a key in each
// project. The others are put into GitLab and into the state, since their apply would take most of the time of all tests.
func TestScale_plan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ projects, keys, pages int }{{projects: 1, keys: 210, pages: 3}, {projects: 20, keys: 100, pages: 1}} {
		t.Run(fmt.Sprintf("%d keys in %d projects", tt.keys, tt.projects), func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, manyProjects(tt.projects, 0))
			terraform := newCommandLine(t, gitlab, manyKeysConfig(tt.projects, tt.projects, false))
			terraform.succeeds(t, "apply", "-auto-approve")
			terraform.write(t, "main.tf", requiredProviders+manyKeysConfig(tt.projects, tt.keys, false))
			terraform.write(t, "terraform.tfstate", string(gitlab.addKeys(t, terraform.stateFile(t), tt.projects, tt.keys)))
			gitlab.ClearRequests()
			terraform.changesNothing(t)
			passes(t, gitlab.asked(planRequests(tt.projects, tt.pages, false)...))
		})
	}
}

// manyProjects is a GitLab with the projects acme/p1 (1), acme/p2 (2) and so on, where error tracking is on and which have
// the given number of keys each.
func manyProjects(n, keys int) gitlabsim.Scenario {
	s := gitlabsim.Scenario{Tokens: twoProjects().Tokens}
	for id := range n {
		s.Projects = append(s.Projects, gitlabsim.Project{
			ID: int64(id + 1), Path: fmt.Sprintf("acme/p%d", id+1),
			Settings:   &gitlabsim.Settings{Active: true, Integrated: true},
			ClientKeys: gitlabsim.MakeKeys(keys),
		})
	}
	return s
}

// manyKeysConfig is the settings of each project of manyProjects, and keys that are dealt out to the projects in turn.
func manyKeysConfig(projects, keys int, path bool) string {
	prefix := ""
	if path {
		prefix = "acme/p"
	}
	return fmt.Sprintf(`
locals {
  projects = [for id in range(1, %d + 1) : "%s${id}"]
}
resource "gitlab_error_tracking_settings" "test" {
  count   = %d
  project = local.projects[count.index]
  active  = true
}
resource "gitlab_error_tracking_client_key" "test" {
  count   = %d
  project = local.projects[count.index %% %d]
}
`, projects, prefix, projects, keys, projects)
}

// addKeys makes keys in GitLab until the projects have the given number together, and returns the state with them as
// further instances of the client key resource of manyKeysConfig.
func (b *testbed) addKeys(t *testing.T, state []byte, projects, keys int) []byte {
	t.Helper()
	var file map[string]json.RawMessage
	var resources, instances []map[string]json.RawMessage
	read := func(text []byte, into any) {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	write := func(v any) json.RawMessage { return json.RawMessage(jsonText(v)) }
	read(state, &file)
	read(file["resources"], &resources)
	at := slices.IndexFunc(resources, func(r map[string]json.RawMessage) bool {
		return string(r["type"]) == strconv.Quote(TypeName+clientKeyType)
	})
	read(resources[at]["instances"], &instances)
	for i := len(instances); i < keys; i++ {
		project := int64(i%projects + 1)
		key := b.AddKey(project)
		added := maps.Clone(instances[0])
		added["index_key"] = write(i)
		added["attributes"] = write(b.clientKeyObject(fmt.Sprint(project), project, key.ID))
		if _, ok := added["identity"]; ok {
			added["identity"] = write(object{"project_id": project, "key_id": key.ID})
		}
		instances = append(instances, added)
	}
	resources[at]["instances"] = write(instances)
	file["resources"] = write(resources)
	return write(file)
}

// applyRequests are those that make the objects of manyKeysConfig, without listings.
func applyRequests(projects, keys int, path bool) []string {
	var lines []string
	for id := range projects {
		if path {
			// Once for the plan, and once for the apply.
			lines = append(lines, slices.Repeat([]string{fmt.Sprintf("GET /projects/acme%%2Fp%d", id+1)}, 2)...)
		}
		// Likewise: the plan says what it changes of settings that exist.
		lines = append(lines, slices.Repeat([]string{fmt.Sprintf("GET /projects/%d/error_tracking/settings", id+1)}, 2)...)
		lines = append(lines, slices.Repeat([]string{fmt.Sprintf("POST /projects/%d/error_tracking/client_keys", id+1)}, keys/projects)...)
	}
	return lines
}

// planRequests are those that read the objects of manyKeysConfig once.
func planRequests(projects, pages int, path bool) []string {
	var lines []string
	for id := range projects {
		if path {
			lines = append(lines, fmt.Sprintf("GET /projects/acme%%2Fp%d", id+1))
		}
		lines = append(lines, fmt.Sprintf("GET /projects/%d/error_tracking/settings", id+1))
		lines = append(lines, slices.Repeat([]string{fmt.Sprintf("GET /projects/%d/error_tracking/client_keys", id+1)}, pages)...)
	}
	return lines
}

func isListing(request string) bool {
	return strings.HasPrefix(request, "GET ") && strings.HasSuffix(request, "/client_keys")
}

// listedAtMost checks how often the keys of each project were listed since the last ClearRequests, by the first pages.
func (b *testbed) listedAtMost(times int) resource.TestCheckFunc {
	return b.check(func() error {
		listings := map[string]int{}
		for _, r := range b.Requests() {
			if query, err := url.ParseQuery(r.Query); err == nil && isListing(r.Method+" "+r.Path) && query.Get("page") == "1" {
				listings[r.Path]++
			}
		}
		for path, n := range listings {
			if n > times {
				return fmt.Errorf("GET %s was asked for its first page %d times, want at most %d", path, n, times)
			}
		}
		if len(listings) == 0 {
			return errors.New("no keys were listed")
		}
		return nil
	})
}

// askedBesidesListings checks the requests since the last ClearRequests except the listings of keys, and clears all.
func (b *testbed) askedBesidesListings(want ...string) resource.TestCheckFunc {
	return b.check(func() error { return b.compare(slices.DeleteFunc(b.requests(), isListing), want) })
}

// hasKeysEach checks how many keys each of the projects of manyProjects has.
func (b *testbed) hasKeysEach(projects, want int) resource.TestCheckFunc {
	return b.check(func() error {
		for id := range projects {
			if n := len(b.Keys(int64(id + 1))); n != want {
				return fmt.Errorf("project %d has %d keys in GitLab, want %d", id+1, n, want)
			}
		}
		return nil
	})
}
