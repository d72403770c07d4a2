package errortracking_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// lostAfter answers the next creations of a key with 502 when GitLab has made it, lostBefore when it has not.
func lostAfter(times int) gitlabsim.Fault {
	return gitlabsim.Fault{Method: http.MethodPost, Path: "/projects/*", Status: http.StatusBadGateway, After: true, Times: times}
}

func lostBefore(times int) gitlabsim.Fault {
	fault := lostAfter(times)
	fault.After = false
	return fault
}

func TestAddClientKey_lostAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		faults []gitlabsim.Fault
		adds   int // creations, one after another
		want   []int64
		fails  error
	}{
		"none lost":                {nil, 2, []int64{3, 4}, nil},
		"502 after the work":       {[]gitlabsim.Fault{lostAfter(1)}, 2, []int64{3, 4}, nil},
		"502 before the work":      {[]gitlabsim.Fault{lostBefore(1)}, 1, nil, errortracking.ErrLostAnswer},
		"reset after the work":     {[]gitlabsim.Fault{{Method: http.MethodPost, Path: "/*", Drop: true, After: true, Times: 1}}, 1, []int64{3}, nil},
		"reset before the work":    {[]gitlabsim.Fault{{Method: http.MethodPost, Path: "/*", Drop: true, Times: 1}}, 1, nil, errortracking.ErrLostAnswer},
		"truncated after the work": {[]gitlabsim.Fault{{Method: http.MethodPost, Path: "/*", Status: 201, Body: `{"id":`, After: true, Times: 1}}, 1, []int64{3}, nil},
		"HTML before the work":     {[]gitlabsim.Fault{{Method: http.MethodPost, Path: "/*", Status: 200, Body: "<html>", Times: 1}}, 1, nil, errortracking.ErrLostAnswer},
		"403":                      {[]gitlabsim.Fault{{Method: http.MethodPost, Path: "/*", Status: 403, Body: `{"message":"403 Forbidden"}`}}, 1, nil, errortracking.ErrForbidden},
		"no list at first":         {[]gitlabsim.Fault{{Method: http.MethodGet, Path: "/*", Status: 500}}, 1, nil, errortracking.ErrServer},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(2)}}, Faults: test.faults})
			client := newClient(t, server.URL())
			var got []int64
			for range test.adds {
				key, err := client.AddClientKey(t.Context(), project)
				if !errors.Is(err, test.fails) {
					t.Fatalf("error %v, want %v", err, test.fails)
				}
				if err == nil {
					got = append(got, key.ID)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got the keys %v, want %v", got, test.want)
			}
			if there := serverKeys(server)[2:]; !slices.Equal(there, test.want) {
				t.Errorf("GitLab made the keys %v, want %v", there, test.want)
			}
		})
	}
}

// Answers are lost at once, before and after the work: as many keys as lost answers are taken, each once.
func TestAddClientKey_lostTogether(t *testing.T) {
	t.Parallel()
	const adds = 8
	for name, test := range map[string]struct {
		faults []gitlabsim.Fault
		fails  bool
	}{
		"two after the work":               {[]gitlabsim.Fault{lostAfter(2)}, false},
		"all after the work":               {[]gitlabsim.Fault{lostAfter(adds)}, false},
		"one before, one after the work":   {[]gitlabsim.Fault{lostAfter(1), lostBefore(1)}, true},
		"all before the work":              {[]gitlabsim.Fault{lostBefore(adds)}, true},
		"resets after the work":            {[]gitlabsim.Fault{{Method: http.MethodPost, Path: "/*", Drop: true, After: true, Times: 3}}, false},
		"a lost answer, then a lost reset": {[]gitlabsim.Fault{lostAfter(1), {Method: http.MethodPost, Path: "/*", Drop: true, After: true, Times: 1}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(2)}}, Faults: test.faults})
			client := newClient(t, server.URL())
			var mu sync.Mutex
			var got []int64
			var failed []error
			var wg sync.WaitGroup
			for range adds {
				wg.Go(func() {
					key, err := client.AddClientKey(t.Context(), project)
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						failed = append(failed, err)
						return
					}
					got = append(got, key.ID)
				})
			}
			wg.Wait()
			slices.Sort(got)
			if len(slices.Compact(slices.Clone(got))) != len(got) {
				t.Errorf("a key was taken twice: %v", got)
			}
			if test.fails != (len(failed) > 0) {
				t.Errorf("errors %v, wanted some: %t", failed, test.fails)
			}
			made := serverKeys(server)[2:]
			if !test.fails && !slices.Equal(got, made) {
				t.Errorf("got the keys %v, GitLab made %v", got, made)
			}
			// What was made and not taken is named by an error.
			named := slices.Clone(got)
			for _, err := range failed {
				var unclear *errortracking.Error
				if errors.As(err, &unclear) {
					for _, key := range unclear.Keys {
						named = append(named, key.ID)
					}
				}
			}
			slices.Sort(named)
			if named = slices.Compact(named); !slices.Equal(named, made) {
				t.Errorf("keys %v were got or named, GitLab made %v", named, made)
			}
		})
	}
}

// Somebody else makes a key while an answer is lost: none is taken, both are named, and later creations are not misled.
func TestAddClientKey_lostAmongOthers(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(2)}}})
	client := newClient(t, server.URL())
	if _, err := client.AddClientKey(t.Context(), project); err != nil {
		t.Fatal(err)
	}
	server.AddKey(project)
	server.AddFault(lostAfter(1))
	_, err := client.AddClientKey(t.Context(), project)
	unclear := wantError(t, err, errortracking.ErrLostAnswer)
	if got := []int64{unclear.Keys[0].ID, unclear.Keys[1].ID}; !slices.Equal(got, []int64{4, 5}) {
		t.Errorf("the candidates are %v, want 4 and 5", got)
	}
	server.AddFault(lostAfter(1))
	key, err := client.AddClientKey(t.Context(), project)
	if err != nil || key.ID != 6 || key.Unclear == nil {
		t.Errorf("the next creation gave key %d, lost answer %v, error %v, want key 6 after a lost answer", key.ID, key.Unclear, err)
	}
}

// The keys cannot be read after a lost answer: the error says so and why.
func TestAddClientKey_lostAndNoList(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web"}}, Faults: []gitlabsim.Fault{lostAfter(1)}})
	var lists atomic.Int64
	front := proxy(t, server.URL(), func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet && lists.Add(1) > 1 {
			w.WriteHeader(http.StatusForbidden)
			return false
		}
		return true
	})
	_, err := newClient(t, front).AddClientKey(t.Context(), project)
	unclear := wantError(t, err, errortracking.ErrLostAnswer)
	if unclear.Status != http.StatusBadGateway || !strings.Contains(err.Error(), "could not be read") || !strings.Contains(err.Error(), "403 Forbidden") {
		t.Errorf("the error is %v, want one that tells the 502 and the refused list", err)
	}
}

// An interrupt while the answer is on its way: the key is found all the same.
func TestAddClientKey_lostInInterrupt(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web"}}, Faults: []gitlabsim.Fault{lostAfter(1)}})
	ctx, interrupt := context.WithCancel(t.Context())
	front := proxy(t, server.URL(), func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			interrupt()
		}
		return true
	})
	key, err := newClient(t, front).AddClientKey(ctx, project)
	if err != nil || key.ID != 1 || key.Unclear == nil {
		t.Errorf("got key %d, lost answer %v, error %v, want key 1 after a lost answer", key.ID, key.Unclear, err)
	}
}

// Creations cost one reading of the list a project, however many they are.
func TestAddClientKey_requests(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web"}}})
	client := newClient(t, server.URL())
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := client.AddClientKey(t.Context(), project); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	counts := map[string]int{}
	for _, r := range server.Requests() {
		counts[r.Method]++
	}
	if counts[http.MethodGet] != 1 || counts[http.MethodPost] != 20 {
		t.Errorf("the requests were %v, want 1 GET and 20 POST", counts)
	}
}

func serverKeys(server *gitlabsim.Server) []int64 {
	var ids []int64
	for _, key := range server.Keys(project) {
		ids = append(ids, key.ID)
	}
	return ids
}

// proxy stands before a GitLab. It hands on each request for which before returns true.
func proxy(t *testing.T, target string, before func(http.ResponseWriter, *http.Request) bool) (address string) {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	hop := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before(w, r) {
			hop.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// Only a key that is younger than all known ones can be ours.
func TestAddClientKey_othersInBetween(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{
		{ID: project, Path: "acme/web", ClientKeys: gitlabsim.ClientKeys{{ID: 3}}}, {ID: 2, Path: "acme/api"},
	}})
	client := newClient(t, server.URL())
	if key, err := client.AddClientKey(t.Context(), project); err != nil || key.ID != 4 {
		t.Fatalf("got key %d and error %v", key.ID, err)
	}
	server.AddKey(project) // 5, of somebody else
	server.AddKey(2)       // 6
	if key, err := client.AddClientKey(t.Context(), project); err != nil || key.ID != 7 {
		t.Fatalf("got key %d and error %v", key.ID, err)
	}
	server.AddFault(lostBefore(1))
	_, err := client.AddClientKey(t.Context(), project)
	if failed := wantError(t, err, errortracking.ErrLostAnswer); len(failed.Keys) != 0 {
		t.Errorf("the error names the keys %v", ids(failed.Keys))
	}
}

// The key of an unclear answer shows at the first look, the second, the third, or not.
func TestAddClientKey_looksAgain(t *testing.T) {
	t.Parallel()
	for hiddenFor := range 4 {
		t.Run(strconv.Itoa(hiddenFor), func(t *testing.T) {
			t.Parallel()
			server := startGitLab(t, gitlabsim.Scenario{Faults: []gitlabsim.Fault{lostBefore(1)}})
			var looks atomic.Int64
			front := proxy(t, server.URL(), func(_ http.ResponseWriter, r *http.Request) bool {
				// The first list is before the creation.
				if r.Method == http.MethodGet && int(looks.Add(1)) == hiddenFor+2 {
					server.AddKey(project)
				}
				return true
			})
			var paused waits
			key, err := newClient(t, front, paused.recorded).AddClientKey(t.Context(), project)
			if wanted := []time.Duration{time.Second, 3 * time.Second}[:min(hiddenFor, 2)]; !slices.Equal(paused.all(), wanted) {
				t.Errorf("the pauses were %v, want %v", paused.all(), wanted)
			}
			if hiddenFor < 3 {
				if err != nil || key.ID != 1 || key.Unclear == nil || key.Since.IsZero() {
					t.Errorf("got %+v and error %v, want key 1", key, err)
				}
				return
			}
			wantError(t, err, errortracking.ErrLostAnswer)
		})
	}
}

// With an invalid instance setting GitLab makes a key and fails, and cannot list it: one failure stops the others.
func TestAddClientKey_brokenInstance(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{DSNBaseURL: new("nowhere")})
	client := newClient(t, server.URL(), retries(0))
	turns := make(chan struct{}, 10)
	var creations sync.WaitGroup
	for range 30 {
		turns <- struct{}{}
		creations.Go(func() {
			defer func() { <-turns }()
			if key, err := client.AddClientKey(t.Context(), project); err == nil {
				t.Errorf("got key %d", key.ID)
			}
		})
	}
	creations.Wait()
	if keys := server.Keys(project); len(keys) > 1 {
		t.Errorf("GitLab made %d keys", len(keys))
	}
}

// Writes in one project go one at a time, those in several together.
func TestWritesOneAtATime(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{
		{ID: 1, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(1)}, {ID: 2, Path: "acme/api"},
	}})
	var underway [3]atomic.Int64
	both := make(chan struct{})
	arrived := make(chan struct{}, 2)
	front := proxy(t, server.URL(), func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet {
			return true
		}
		id := 1
		if strings.Contains(r.URL.Path, "/projects/2/") {
			id = 2
		}
		if underway[id].Add(1) > 1 {
			t.Errorf("two writes in project %d at once", id)
		}
		defer underway[id].Add(-1)
		select {
		case arrived <- struct{}{}:
			if len(arrived) == 2 {
				close(both)
			}
			<-both // a write in each project is under way
		default:
		}
		return true
	})
	client := newClient(t, front)
	var writes sync.WaitGroup
	for _, id := range []int64{1, 2} {
		for range 5 {
			writes.Go(func() {
				if _, err := client.AddClientKey(t.Context(), id); err != nil {
					t.Error(err)
				}
			})
		}
		writes.Go(func() {
			if _, err := client.SaveSettings(t.Context(), id, errortracking.WantedSettings{Active: true}); err != nil {
				t.Error(err)
			}
		})
	}
	writes.Wait()
}

// A write that waits for another one in the project is not begun when its context ends.
func TestWaitingWriteIsNotBegun(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{})
	posted, goOn := make(chan struct{}), make(chan struct{})
	client := newClient(t, proxy(t, server.URL(), func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			close(posted)
			<-goOn
		}
		return true
	}))
	var first sync.WaitGroup
	first.Go(func() {
		if _, err := client.AddClientKey(t.Context(), project); err != nil {
			t.Error(err)
		}
	})
	<-posted
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, write := range map[string]func() error{
		"add":    func() error { _, err := client.AddClientKey(ctx, project); return err },
		"delete": func() error { return client.DeleteClientKey(ctx, project, 1) },
		"save": func() error {
			_, err := client.SaveSettings(ctx, project, errortracking.WantedSettings{})
			return err
		},
		"reset": func() error { return client.ResetSettings(ctx, project, errortracking.WantedSettings{}) },
	} {
		if err := write(); !errors.Is(err, errortracking.ErrInterrupted) {
			t.Errorf("%s: %v", name, err)
		}
	}
	close(goOn)
	first.Wait()
	if got := len(server.Requests()); got != 2 {
		t.Errorf("%d requests, want the list and the creation", got)
	}
}

// The key that GitLab makes by itself is the first one that is asked for, in every order, also when answers are lost.
func TestHandingOut(t *testing.T) {
	t.Parallel()
	save := func(ctx context.Context, c *errortracking.Client) error {
		_, err := c.SaveSettings(ctx, project, errortracking.WantedSettings{Active: true})
		return err
	}
	add := func(ctx context.Context, c *errortracking.Client) error {
		_, err := c.AddClientKey(ctx, project)
		return err
	}
	for name, test := range map[string]struct {
		before gitlabsim.ClientKeys
		row    *gitlabsim.Settings
		fault  gitlabsim.Fault
		calls  []request
		keys   int
		posts  int
	}{
		"settings, key":                      {calls: []request{save, add}, keys: 1},
		"key, settings":                      {calls: []request{add, save}, keys: 1, posts: 1},
		"settings, two keys":                 {calls: []request{save, add, add}, keys: 2, posts: 1},
		"key, settings, key":                 {calls: []request{add, save, add}, keys: 2, posts: 2},
		"settings alone":                     {calls: []request{save}, keys: 1},
		"settings switched on again":         {row: &gitlabsim.Settings{Integrated: true}, calls: []request{save, add}, keys: 1},
		"an active key before":               {before: gitlabsim.MakeKeys(1), calls: []request{save, add}, keys: 2, posts: 1},
		"an inactive key before":             {before: gitlabsim.ClientKeys{{ID: 1, Inactive: true}}, calls: []request{save, add}, keys: 2},
		"settings as wanted":                 {row: &gitlabsim.Settings{Active: true, Integrated: true}, calls: []request{save, add}, keys: 1, posts: 1},
		"settings whose answer is lost, key": {fault: gitlabsim.Fault{Method: http.MethodPut, Path: "/*", Status: 502, After: true}, calls: []request{save, add}, keys: 1},
		"key whose answer is lost, settings": {fault: lostAfter(1), calls: []request{add, save}, keys: 1, posts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: test.before, Settings: test.row}}}
			if test.fault.Path != "" {
				scenario.Faults = []gitlabsim.Fault{test.fault}
			}
			server := startGitLab(t, scenario)
			client := newClient(t, server.URL())
			for _, call := range test.calls {
				if err := call(t.Context(), client); err != nil {
					t.Fatal(err)
				}
			}
			posts := 0
			for _, r := range server.Requests() {
				if r.Method == http.MethodPost {
					posts++
				}
			}
			if keys := server.Keys(project); len(keys) != test.keys || posts != test.posts {
				t.Errorf("GitLab has the keys %+v after %d POSTs, want %d after %d", keys, posts, test.keys, test.posts)
			}
		})
	}
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		for range 50 {
			server := startGitLab(t, gitlabsim.Scenario{})
			client := newClient(t, server.URL())
			var calls sync.WaitGroup
			for _, call := range []request{save, add} {
				calls.Go(func() {
					if err := call(t.Context(), client); err != nil {
						t.Error(err)
					}
				})
			}
			calls.Wait()
			if keys := server.Keys(project); len(keys) != 1 {
				t.Fatalf("GitLab has the keys %+v, want one", keys)
			}
		}
	})
}
