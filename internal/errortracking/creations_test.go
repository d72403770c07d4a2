package errortracking_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

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
		"502 before the work":      {[]gitlabsim.Fault{lostBefore(1)}, 1, nil, errortracking.ErrServer},
		"reset after the work":     {[]gitlabsim.Fault{{Method: http.MethodPost, Path: "/*", Drop: true, After: true, Times: 1}}, 1, []int64{3}, nil},
		"reset before the work":    {[]gitlabsim.Fault{{Method: http.MethodPost, Path: "/*", Drop: true, Times: 1}}, 1, nil, errortracking.ErrConnection},
		"truncated after the work": {[]gitlabsim.Fault{{Method: http.MethodPost, Path: "/*", Status: 201, Body: `{"id":`, After: true, Times: 1}}, 1, []int64{3}, nil},
		"HTML before the work":     {[]gitlabsim.Fault{{Method: http.MethodPost, Path: "/*", Status: 200, Body: "<html>", Times: 1}}, 1, nil, errortracking.ErrNotJSON},
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
					for _, key := range unclear.Candidates {
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
	if got := []int64{unclear.Candidates[0].ID, unclear.Candidates[1].ID}; !slices.Equal(got, []int64{4, 5}) {
		t.Errorf("the candidates are %v, want 4 and 5", got)
	}
	server.AddFault(lostAfter(1))
	key, err := client.AddClientKey(t.Context(), project)
	if err != nil || key.ID != 6 || key.LostAnswer == nil {
		t.Errorf("the next creation gave key %d, lost answer %v, error %v, want key 6 after a lost answer", key.ID, key.LostAnswer, err)
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
	if err != nil || key.ID != 1 || key.LostAnswer == nil {
		t.Errorf("got key %d, lost answer %v, error %v, want key 1 after a lost answer", key.ID, key.LostAnswer, err)
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
