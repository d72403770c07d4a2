package errortracking_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
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

// Somebody else makes a key while a response is lost: none is taken, both are named, and no more are created.
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
	lost := wantError(t, err, errortracking.ErrLostAnswer, errortracking.ErrServer)
	if got := ids(lost.Keys); !slices.Equal(got, []int64{4, 5}) {
		t.Errorf("the candidates are %v, want 4 and 5", got)
	}
	_, err = client.AddClientKey(t.Context(), project)
	later := wantError(t, err, errortracking.ErrEarlierFailure, errortracking.ErrLostAnswer, errortracking.ErrServer)
	if first, ok := errors.AsType[*errortracking.Error](later.Err); !ok || !slices.Equal(ids(first.Keys), []int64{4, 5}) {
		t.Errorf("the later error wraps %v, want the first one", later.Err)
	}
	if got := postsTo(server); got != 2 {
		t.Errorf("%d POSTs, want none after the lost one", got)
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
	unclear := wantError(t, err, errortracking.ErrLostAnswer, errortracking.ErrServer)
	if unclear.Status != http.StatusBadGateway || !strings.Contains(err.Error(), "could not be read") || !strings.Contains(err.Error(), "403 Forbidden") {
		t.Errorf("the error is %v, want one with the 502 and the refused list", err)
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
	if err != nil || key.ID != 1 || key.RecoveredFrom == nil {
		t.Errorf("got key %d, lost answer %v, error %v, want key 1 after a lost answer", key.ID, key.RecoveredFrom, err)
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
	if failed := wantError(t, err, errortracking.ErrLostAnswer, errortracking.ErrServer); len(failed.Keys) != 0 {
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
				if err != nil || key.ID != 1 || key.RecoveredFrom == nil || key.Since.IsZero() {
					t.Errorf("got %+v and error %v, want key 1", key, err)
				}
				return
			}
			wantError(t, err, errortracking.ErrLostAnswer, errortracking.ErrServer)
		})
	}
}

// With an invalid instance setting GitLab makes a key and fails, and cannot list it: one failure stops the others.
func TestAddClientKey_brokenInstance(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{DSNBaseURL: new("nonsense")})
	client := newClient(t, server.URL(), retries(0))
	if saved, err := client.SaveSettings(t.Context(), project, errortracking.WantedSettings{Active: true}); err != nil || saved.UntrackedErr == nil {
		t.Fatalf("got %+v and error %v, want settings and a key that may be left", saved, err)
	}
	var creations sync.WaitGroup
	var first atomic.Int64
	for range 30 {
		creations.Go(func() {
			_, err := client.AddClientKey(t.Context(), project)
			if !errors.Is(err, errortracking.ErrClientKeysFailed) {
				t.Errorf("got error %v, want %v", err, errortracking.ErrClientKeysFailed)
			}
			if !errors.Is(err, errortracking.ErrEarlierFailure) {
				first.Add(1)
			}
		})
	}
	creations.Wait()
	if keys, posts := len(server.Keys(project)), postsTo(server); keys != 1 || posts != 1 || first.Load() != 1 {
		t.Errorf("%d keys after %d POSTs, and %d creations that waited for a failure, want one of each", keys, posts, first.Load())
	}
}

// After a response that stays unclear no key is created in the project, and other projects are as before.
func TestAddClientKey_earlierFailure(t *testing.T) {
	t.Parallel()
	list := gitlabsim.Fault{Method: http.MethodGet, Path: "/projects/1/error_tracking/client_keys", Status: 403, Body: `{"message":"403 Forbidden"}`}
	for name, test := range map[string]struct {
		fault gitlabsim.Fault
		first error
		posts int
	}{
		"no new key": {lostBefore(1), errortracking.ErrLostAnswer, 1},
		"no list":    {list, errortracking.ErrForbidden, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{
				{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(2)}, {ID: 2, Path: "acme/api"},
			}, Faults: []gitlabsim.Fault{test.fault}})
			client := newClient(t, server.URL())
			_, err := client.AddClientKey(t.Context(), project)
			if !errors.Is(err, test.first) {
				t.Fatalf("got error %v, want %v", err, test.first)
			}
			server.ClearRequests()
			for range 2 {
				_, err = client.AddClientKey(t.Context(), project)
				if failed, ok := errors.AsType[*errortracking.Error](err); !ok || !errors.Is(failed.Kind, errortracking.ErrEarlierFailure) || !errors.Is(err, test.first) || failed.Sent {
					t.Errorf("got %v, want that nothing was sent because of %v", err, test.first)
				}
			}
			if got := server.Requests(); len(got) != 0 {
				t.Errorf("the requests were %v, want none", got)
			}
			if _, err := client.AddClientKey(t.Context(), 2); err != nil {
				t.Errorf("another project: %v", err)
			}
		})
	}
}

// Writes in one project go one at a time, those in several together.
func TestWritesOneAtATime(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{
		{ID: 1, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(3)}, {ID: 2, Path: "acme/api"},
	}})
	var underway [3]atomic.Int64
	var first [3]sync.Once
	var met sync.WaitGroup
	met.Add(2)
	both := make(chan struct{})
	go func() {
		met.Wait()
		close(both)
	}()
	client := newClient(t, proxyAround(t, server.URL(), func(w http.ResponseWriter, r *http.Request, handOn http.Handler) {
		id := 1
		if strings.Contains(r.URL.Path, "/projects/2/") {
			id = 2
		}
		if underway[id].Add(1) > 1 {
			t.Errorf("two requests in project %d at once", id)
		}
		defer underway[id].Add(-1)
		if r.Method != http.MethodGet {
			// The first write in each project waits until there is one in the other.
			first[id].Do(func() {
				met.Done()
				select {
				case <-both:
				case <-time.After(time.Minute):
					t.Errorf("a write in project %d keeps the other project from writing", id)
				}
			})
		}
		handOn.ServeHTTP(w, r)
	}))
	var writes sync.WaitGroup
	write := func(do func() error) {
		writes.Go(func() {
			if err := do(); err != nil {
				t.Error(err)
			}
		})
	}
	for _, id := range []int64{1, 2} {
		for range 5 {
			write(func() error {
				_, err := client.ResetSettings(t.Context(), id, new(false), nil)
				if errors.Is(err, errortracking.ErrSettingsInUse) {
					return nil
				}
				return err
			})
			write(func() error {
				_, err := client.AddClientKey(t.Context(), id)
				return err
			})
			write(func() error {
				_, err := client.SaveSettings(t.Context(), id, errortracking.WantedSettings{Active: true})
				return err
			})
		}
	}
	for key := range int64(3) {
		write(func() error { return client.DeleteClientKey(t.Context(), 1, key+1) })
	}
	writes.Wait()
}

// A write that waits for another one in the project is not begun when its context ends.
func TestWaitingWriteIsNotBegun(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]request{
		"add": func(ctx context.Context, c *errortracking.Client) error {
			_, err := c.AddClientKey(ctx, project)
			return err
		},
		"delete": func(ctx context.Context, c *errortracking.Client) error { return c.DeleteClientKey(ctx, project, 99) },
		"save": func(ctx context.Context, c *errortracking.Client) error {
			_, err := c.SaveSettings(ctx, project, errortracking.WantedSettings{})
			return err
		},
		"reset": func(ctx context.Context, c *errortracking.Client) error {
			_, err := c.ResetSettings(ctx, project, new(false), nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := newClient(t, "http://gitlab.invalid", func(o *errortracking.Options) {
					o.Log = func(_ context.Context, attempt map[string]any) { t.Errorf("%v was sent", attempt) }
				})
				release, err := client.Hold(t.Context(), project)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				done := false
				go func() {
					err = write(ctx, client)
					done = true
				}()
				synctest.Wait()
				if done {
					t.Fatalf("the write did not wait: %v", err)
				}
				cancel()
				synctest.Wait()
				if !done {
					t.Fatal("the write still waits")
				}
				if failed := wantError(t, err, errortracking.ErrInterrupted); failed.Sent || failed.Attempts != 0 || failed.Method != "" || !errors.Is(err, context.Canceled) {
					t.Errorf("got %+v, want that nothing was sent", failed)
				}
				release()
				// An ended context does not begin a write in a free project either.
				wantError(t, write(ctx, client), errortracking.ErrInterrupted)
				release, err = client.Hold(t.Context(), project)
				if err != nil {
					t.Fatal(err)
				}
				release()
			})
		})
	}
}

// A key of somebody else can be as old as the request that told the highest known ID: the first list, or a creation.
func TestAddClientKey_since(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{})
	var arrived []time.Time
	client := newClient(t, proxy(t, server.URL(), func(http.ResponseWriter, *http.Request) bool {
		arrived = append(arrived, time.Now())
		return true
	}))
	if _, err := client.AddClientKey(t.Context(), project); err != nil {
		t.Fatal(err)
	}
	server.AddKey(project) // of somebody else
	server.AddFault(lostBefore(1))
	key, err := client.AddClientKey(t.Context(), project)
	if err != nil || key.ID != 2 || key.RecoveredFrom == nil || key.Since.Before(arrived[0]) || key.Since.After(arrived[1]) {
		t.Errorf("got %+v and error %v, want key 2 since the creation at %s", key, err, arrived[1])
	}
}
