package provider

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// The tests in this file are about whose a client key is: each belongs to the one resource that declares it, whoever else
// works in the project, and wherever a run was cut.

// Two states apply and destroy the same configuration at the same time. Each has a key of its own, and none is left.
func TestClientKeyOwnership_twoStates(t *testing.T) {
	t.Parallel()
	put := gitlabsim.Fault{Method: http.MethodPut, Path: settingsPath, Times: 1}
	limited, lost, notDone := put, put, put
	limited.Status, limited.Headers = http.StatusTooManyRequests, map[string]string{"Retry-After": "1"}
	lost.Status, lost.After = http.StatusBadGateway, true
	notDone.Status = http.StatusBadGateway
	for name, test := range map[string]struct {
		order  string
		before *gitlabsim.Settings
		faults []gitlabsim.Fault
	}{
		"new project":       {order: "settings first"},
		"inactive settings": {order: "settings first", before: &gitlabsim.Settings{Integrated: true}},
		"unordered":         {order: "no dependency"},
		"key first":         {order: "key first"},
		"PUT 429":           {order: "settings first", faults: []gitlabsim.Fault{limited}},
		"PUT 502, done":     {order: "settings first", faults: []gitlabsim.Fault{lost}},
		"PUT 502, not done": {order: "settings first", faults: []gitlabsim.Fault{notDone}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := twoProjects()
			scenario.Projects[0].Settings, scenario.Faults = test.before, test.faults
			gitlab := startTestbedWith(t, scenario, gitlabsim.Options{Latency: 20 * time.Millisecond})
			states := []*commandLine{newCommandLine(t, gitlab, webConfig(test.order)), newCommandLine(t, gitlab, webConfig(test.order))}
			together := func(command string) {
				var runs sync.WaitGroup
				for _, state := range states {
					runs.Go(func() {
						if output, err := state.run(t, command, "-auto-approve"); err != nil || strings.Contains(output, "Untracked client keys") {
							t.Errorf("%s: %v\n%s", command, err, output)
						}
					})
				}
				runs.Wait()
			}
			together("apply")
			first, second := states[0].keysInState(t), states[1].keysInState(t)
			both := slices.Sorted(slices.Values(append(slices.Clone(first), second...)))
			if len(first) != 1 || len(second) != 1 || first[0] == second[0] || !slices.Equal(gitlab.keyIDs(1), both) {
				t.Errorf("the states have the keys %v and %v, GitLab has %v", first, second, gitlab.keyIDs(1))
			}
			together("destroy")
			gitlab.isOff(t, 1)
		})
	}
}

// keyIDs returns the IDs of GitLab's client keys of a project.
func (b *testbed) keyIDs(project int64) []int64 {
	ids := []int64{}
	for _, key := range b.Keys(project) {
		ids = append(ids, key.ID)
	}
	return ids
}

// pointsOf returns after how many requests of an apply of webConfig something happens: after each where the settings come
// first, and around the temporary key in the other orders.
func pointsOf(order string) []int {
	if order == "settings first" {
		return []int{1, 2, 3, 4, 5, 6, 7, 8}
	}
	return []int{5, 6, 7, 8}
}

// A person makes a key after each request of an apply: it is theirs, and stays.
func TestClientKeyOwnership_person(t *testing.T) {
	t.Parallel()
	for _, order := range orders {
		for _, after := range pointsOf(order) {
			t.Run(fmt.Sprintf("%s after %d requests", order, after), func(t *testing.T) {
				t.Parallel()
				requests := &lineCounter{reached: make(chan struct{}), wanted: after}
				gitlab := startTestbedWith(t, twoProjects(), gitlabsim.Options{Latency: 10 * time.Millisecond, Log: requests})
				terraform := newCommandLine(t, gitlab, webConfig(order))
				ended := make(chan struct{})
				var theirs []int64
				var person sync.WaitGroup
				person.Go(func() {
					select {
					case <-requests.reached:
						theirs = []int64{gitlab.AddKey(1).ID}
					case <-ended:
					}
				})
				terraform.succeeds(t, "apply", "-auto-approve")
				close(ended)
				person.Wait()
				all := slices.Sorted(slices.Values(append(terraform.keysInState(t), theirs...)))
				if got := gitlab.keyIDs(1); !slices.Equal(got, all) || len(all) != 1+len(theirs) {
					t.Errorf("GitLab has the keys %v, want the person's %v and that of the state %v", got, theirs, terraform.keysInState(t))
				}
				terraform.destroy(t)
				if !slices.Equal(gitlab.keyIDs(1), theirs) {
					t.Errorf("GitLab has the keys %v after the destroy, want the person's %v", gitlab.keyIDs(1), theirs)
				}
			})
		}
	}
}

// A run is cut at any point. The next apply leaves exactly the declared key, and a destroy none.
func TestClientKeyOwnership_cutRun(t *testing.T) {
	t.Parallel()
	cut := func(t *testing.T, order string, options gitlabsim.Options, run func(*testbed, *commandLine)) {
		t.Helper()
		gitlab := startTestbedWith(t, twoProjects(), options)
		terraform := newCommandLine(t, gitlab, webConfig(order))
		run(gitlab, terraform)
		gitlab.ClearFaults()
		if got, inState := gitlab.keyIDs(1), terraform.keysInState(t); !slices.Equal(got, inState) {
			t.Errorf("after the cut GitLab has the keys %v, the state %v", got, inState)
		}
		terraform.succeeds(t, "apply", "-auto-approve")
		gitlab.isOnWithOneKey(t, terraform, 1)
		terraform.destroy(t)
		gitlab.isOff(t, 1)
	}
	for _, order := range orders {
		for _, after := range pointsOf(order) {
			t.Run(fmt.Sprintf("%s, interrupt after %d requests", order, after), func(t *testing.T) {
				t.Parallel()
				requests := &lineCounter{reached: make(chan struct{}), wanted: after}
				cut(t, order, gitlabsim.Options{Latency: 20 * time.Millisecond, Log: requests}, func(_ *testbed, terraform *commandLine) {
					if output, err := terraform.interrupt(t, requests.reached); err != nil && !strings.Contains(output, "Interrupt") {
						t.Errorf("the apply ended with %v before its interrupt:\n%s", err, output)
					}
				})
			})
		}
	}
	// What a key or settings need is part of such an apply.
	for _, target := range []string{"gitlab_error_tracking_settings.web", "gitlab_error_tracking_client_key.web"} {
		t.Run("target "+target, func(t *testing.T) {
			t.Parallel()
			cut(t, "no dependency", gitlabsim.Options{}, func(_ *testbed, terraform *commandLine) {
				terraform.succeeds(t, "apply", "-auto-approve", "-target="+target)
			})
		})
	}
	for name, test := range map[string]struct {
		fault  gitlabsim.Fault
		orders []string
	}{
		"project":        {gitlabsim.Fault{Method: http.MethodGet, Path: findPath}, orders[:1]},
		"settings":       {gitlabsim.Fault{Method: http.MethodGet, Path: settingsPath}, orders[:1]},
		"list":           {gitlabsim.Fault{Method: http.MethodGet, Path: keysPath}, []string{"key first"}},
		"save":           {gitlabsim.Fault{Method: http.MethodPut, Path: settingsPath}, orders},
		"save not done":  {gitlabsim.Fault{Method: http.MethodPut, Path: settingsPath, Status: http.StatusBadGateway}, orders},
		"save, no words": {gitlabsim.Fault{Method: http.MethodPut, Path: settingsPath, Drop: true}, orders},
	} {
		for _, order := range test.orders {
			t.Run(order+", error at "+name, func(t *testing.T) {
				t.Parallel()
				cut(t, order, gitlabsim.Options{}, func(gitlab *testbed, terraform *commandLine) {
					fault := test.fault
					if fault.Status == 0 && !fault.Drop {
						fault.Status, fault.Body = http.StatusForbidden, `{"message":"403 Forbidden"}`
					}
					gitlab.AddFault(fault)
					terraform.write(t, "main.tf", requiredProviders+"provider \"gitlab\" {\n  retries = 1\n}\n"+webConfig(order))
					if output, err := terraform.run(t, "apply", "-auto-approve"); err == nil {
						t.Errorf("the apply did not fail:\n%s", output)
					}
				})
			})
		}
	}
}

// The temporary key cannot be made, or not be deleted: the settings are saved all the same, and a warning names the key that
// is left.
func TestClientKeyOwnership_warnings(t *testing.T) {
	t.Parallel()
	forbidden := `{"message":"403 Forbidden"}`
	for name, test := range map[string]struct {
		fault gitlabsim.Fault
		left  int64
	}{
		"no creation":      {gitlabsim.Fault{Method: http.MethodPost, Path: keysPath, Status: 403, Body: forbidden, Times: 1}, 1},
		"unclear creation": {gitlabsim.Fault{Method: http.MethodPost, Path: keysPath, Status: 502, After: true, Times: 1}, 1},
		"no deletion":      {gitlabsim.Fault{Method: http.MethodDelete, Path: keysPath + "/*", Status: 403, Body: forbidden, Times: 1}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := twoProjects()
			scenario.Faults = []gitlabsim.Fault{test.fault}
			gitlab := startTestbed(t, scenario)
			terraform := newCommandLine(t, gitlab, webConfig("settings first"))
			output := terraform.succeeds(t, "apply", "-auto-approve")
			if !hasInOrder(output, "Warning: Untracked client keys", "Project acme/web: GitLab at", "Client keys that this run did not know before: "+fmt.Sprint(test.left)+".", "Delete the key if no application uses it, or import it") {
				t.Errorf("the apply warns of no key:\n%s", output)
			}
			if got := gitlab.keyIDs(1); !slices.Equal(got, append([]int64{test.left}, terraform.keysInState(t)...)) {
				t.Errorf("GitLab has the keys %v, want %d and that of the state %v", got, test.left, terraform.keysInState(t))
			}
		})
	}
}

// Settings and key through two configurations of the provider, which the engine runs as two programs.
func TestClientKeyOwnership_aliases(t *testing.T) {
	t.Parallel()
	for _, order := range orders {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, twoProjects())
			terraform := newCommandLine(t, gitlab, "provider \"gitlab\" {}\nprovider \"gitlab\" {\n  alias = \"b\"\n}\n"+
				strings.Replace(webConfig(order), "\"gitlab_error_tracking_client_key\" \"web\" {", "\"gitlab_error_tracking_client_key\" \"web\" {\n  provider = gitlab.b", 1))
			terraform.startProvider(t)
			terraform.succeeds(t, "apply", "-auto-approve")
			gitlab.isOnWithOneKey(t, terraform, 1)
			terraform.destroy(t)
			gitlab.isOff(t, 1)
		})
	}
}

// README's configuration on an empty project, by the requests.
func TestClientKeyOwnership_requests(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	terraform := newCommandLine(t, gitlab, webConfig("settings first"))
	terraform.succeeds(t, "apply", "-auto-approve")
	if got := gitlab.requests(); len(got) > 8 {
		t.Errorf("%d requests, want at most 8:\n%s", len(got), strings.Join(got, "\n"))
	}
	gitlab.ClearRequests()
	terraform.changesNothing(t)
	if err := gitlab.compare(gitlab.requests(), []string{"GET " + findPath, "GET " + keysPath, "GET " + settingsPath}); err != nil {
		t.Error(err)
	}
}

// The temporary key's response is lost in a project with keys in use. The warning says which keys are new and that one may
// be deleted: the old ones must not be among them.
func TestUntrackedKeys_doesNotCallOldKeysNew(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, keyScenario()) // 7 and 8 are in use.
	gitlab.AddFault(gitlabsim.Fault{Method: http.MethodPost, Path: "/projects/1/error_tracking/client_keys", Status: http.StatusBadGateway, Times: 1})
	terraform := newCommandLine(t, gitlab, settingsConfig("acme/web", "active = true"))
	output := terraform.succeeds(t, "apply", "-auto-approve")
	if hasInOrder(output, "New client keys: 7, 8.") {
		t.Errorf("keys 7 and 8 are older than the run:\n%s", output)
	}
	if !strings.Contains(output, "Warning") {
		t.Error("no warning")
	}
}
