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
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func TestCreateClientKey(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{})
	got, err := newClient(t, server.URL()).PostClientKey(t.Context(), project)
	if err != nil {
		t.Fatal(err)
	}
	stored := server.Keys(project)
	if len(stored) != 1 {
		t.Fatalf("GitLab has the keys %+v, want one", stored)
	}
	want := errortracking.ClientKey{
		ID: stored[0].ID, Active: true, PublicKey: stored[0].PublicKey, DSN: server.DSN(project, stored[0].PublicKey),
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDeleteClientKey(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{
		Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(3)}},
	})
	if err := newClient(t, server.URL()).DeleteClientKey(t.Context(), project, 2); err != nil {
		t.Fatal(err)
	}
	if left := server.Keys(project); len(left) != 2 || left[0].ID != 1 || left[1].ID != 3 {
		t.Errorf("GitLab has the keys %+v, want 1 and 3", left)
	}
}

func TestSharedClientKeysAreWholeKeys(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: gitlabsim.ClientKeys{
		{ID: 9, PublicKey: "glet_nine"}, {ID: 4, PublicKey: "glet_four", Inactive: true},
	}}}})
	got, err := newClient(t, server.URL()).SharedClientKeys(t.Context(), project)
	want := []errortracking.ClientKey{
		{ID: 4, PublicKey: "glet_four", DSN: server.DSN(project, "glet_four")},
		{ID: 9, Active: true, PublicKey: "glet_nine", DSN: server.DSN(project, "glet_nine")},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v and error %v, want %+v", got, err, want)
	}
}

// TestSharedClientKeysUntilOwnWrite shows which writes make the next asker read the list anew.
func TestSharedClientKeysUntilOwnWrite(t *testing.T) {
	t.Parallel()

	const other = 2
	tests := map[string]struct {
		write func(*testing.T, *errortracking.Client) error
		fresh bool
	}{
		"none": {func(*testing.T, *errortracking.Client) error { return nil }, false},
		"read settings": {func(t *testing.T, c *errortracking.Client) error {
			_, err := c.Settings(t.Context(), project)
			return err
		}, false},
		"create": {func(t *testing.T, c *errortracking.Client) error {
			_, err := c.AddClientKey(t.Context(), project)
			return err
		}, true},
		"create elsewhere": {func(t *testing.T, c *errortracking.Client) error {
			_, err := c.PostClientKey(t.Context(), other)
			return err
		}, false},
		"delete":         {func(t *testing.T, c *errortracking.Client) error { return c.DeleteClientKey(t.Context(), project, 1) }, true},
		"delete nothing": {func(t *testing.T, c *errortracking.Client) error { return c.DeleteClientKey(t.Context(), project, 99) }, true},
		"create settings": {func(t *testing.T, c *errortracking.Client) error {
			_, err := c.SaveSettings(t.Context(), project, errortracking.WantedSettings{Active: true})
			return err
		}, false},
		"update settings": {func(t *testing.T, c *errortracking.Client) error {
			_, err := c.SaveSettings(t.Context(), project, errortracking.WantedSettings{})
			return err
		}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{
				{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(1), Settings: &gitlabsim.Settings{Active: true, Integrated: true}},
				{ID: other, Path: "acme/api"},
			}})
			client := newClient(t, server.URL())
			before, err := client.SharedClientKeys(t.Context(), project)
			if err != nil || len(before) != 1 {
				t.Fatalf("got keys %+v and error %v, want one key", before, err)
			}
			// A caller may do what it likes with what it was given.
			before[0].ID = 1000
			if err := tt.write(t, client); err != nil {
				t.Fatal(err)
			}
			server.ClearRequests()
			server.AddKey(project)
			seen := len(server.Keys(project))
			if !tt.fresh {
				seen = 1
			}
			after, err := client.SharedClientKeys(t.Context(), project)
			if err != nil || len(after) != seen || after[0].ID == 1000 {
				t.Errorf("got keys %+v and error %v, want %d keys of GitLab's", after, err, seen)
			}
			if got := len(server.Requests()); got != map[bool]int{true: 1}[tt.fresh] {
				t.Errorf("%d requests were made", got)
			}
		})
	}
}

// A reading that failed is not repeated for each key of the project.
func TestSharedClientKeysAfterFailure(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{Faults: []gitlabsim.Fault{
		{Method: http.MethodGet, Path: "/projects/1/*", Status: http.StatusForbidden, Body: `{"message":"403 Forbidden"}`, Times: 1},
	}})
	client := newClient(t, server.URL())
	for keyID := range int64(3) {
		_, err := client.ClientKey(t.Context(), project, keyID+1)
		wantError(t, err, errortracking.ErrForbidden)
	}
	if n := len(server.Requests()); n != 1 {
		t.Errorf("got %d requests, want 1", n)
	}
}

// The answer to a deletion is lost for good. Whether GitLab has deleted the key is read.
func TestDeleteClientKeyLostAnswer(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		fault gitlabsim.Fault
		fails error
	}{
		"500 after the work":       {gitlabsim.Fault{Status: 500, After: true}, nil},
		"reset after the work":     {gitlabsim.Fault{Drop: true, After: true}, nil},
		"truncated after the work": {gitlabsim.Fault{Status: 200, Body: `{"id":`, After: true}, nil},
		"500 before the work":      {gitlabsim.Fault{Status: 500}, errortracking.ErrClientKeysFailed},
		"HTML before the work":     {gitlabsim.Fault{Status: 200, Body: "<html>"}, errortracking.ErrNotJSON},
		"no such endpoint":         {gitlabsim.Fault{Status: 404, Body: `{"error":"404 Not Found"}`}, errortracking.ErrFeatureRemoved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			fault := tt.fault
			fault.Method, fault.Path = http.MethodDelete, "/*"
			server := startGitLab(t, gitlabsim.Scenario{
				Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(2)}},
				Faults:   []gitlabsim.Fault{fault},
			})
			err := newClient(t, server.URL()).DeleteClientKey(t.Context(), project, 2)
			if tt.fails != nil {
				wantError(t, err, tt.fails)
			} else if err != nil {
				t.Error(err)
			}
			if gone := len(server.Keys(project)) == 1; gone != (tt.fails == nil) {
				t.Errorf("the key is gone: %t", gone)
			}
		})
	}
}

// The deletion is done but its answer is lost, and the retry finds no key. That is certain, even if the keys cannot be read.
func TestDeleteClientKey_goneAndNoList(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{
		Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(2)}},
		Faults: []gitlabsim.Fault{
			{Method: http.MethodDelete, Path: "/*", Drop: true, After: true, Times: 1},
			{Method: http.MethodGet, Path: "/*", Status: 500},
		},
	})
	if err := newClient(t, server.URL()).DeleteClientKey(t.Context(), project, 2); err != nil {
		t.Error(err)
	}
	if keys := server.Keys(project); len(keys) != 1 {
		t.Errorf("GitLab has the keys %v", keys)
	}
}

// A key is deleted and another made while the list is read. The number of rows stays as it was, and key 101 falls through
// between two pages; whoever expects it finds it all the same.
func TestClientKey(t *testing.T) {
	t.Parallel()

	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(250)}}})
	var changed sync.Once
	client := newClient(t, proxy(t, server.URL(), func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("page") == "2" {
			changed.Do(func() {
				server.RemoveKey(project, 5)
				server.AddKey(project)
			})
		}
		return true
	}))
	for id, there := range map[int64]bool{101: true, 250: true, 999: false} {
		key, err := client.ClientKey(t.Context(), project, id)
		if got := err == nil; got != there || got && key.ID != id {
			t.Errorf("key %d was found: %t, want %t: %v", id, got, there, err)
		}
		if !there && !slices.Contains(ids(wantError(t, err, errortracking.ErrClientKeyNotFound).Keys), 101) {
			t.Errorf("the error does not have the keys that exist: %v", err)
		}
	}
	if got := len(server.Requests()); got != 6 {
		t.Errorf("two readings of three pages took %d requests", got)
	}
}

// A key counts as gone when two lists lack it, however short they are.
func TestClientKey_missingOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first, second []int64
		found         bool // key 7
	}{
		"none, then found":       {nil, count(7, 7), true},
		"short, then found":      {count(1, 6), count(1, 7), true},
		"long, then found":       {count(8, 99), count(7, 99), true},
		"missing from both":      {count(1, 6), count(1, 6), false},
		"missing from both long": {count(8, 99), count(8, 99), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lists atomic.Int64
			server := startServer(t, func(w http.ResponseWriter, _ *http.Request) {
				rows := test.second
				if lists.Add(1) == 1 {
					rows = test.first
				}
				page{rows, strconv.Itoa(len(rows)), ""}.write(w)
			})
			client := newClient(t, server.URL)
			key, err := client.ClientKey(t.Context(), project, 7)
			if test.found && (err != nil || key.ID != 7) || !test.found && !errors.Is(err, errortracking.ErrClientKeyNotFound) {
				t.Errorf("got key %d and error %v, want it found: %t", key.ID, err, test.found)
			}
			if got := lists.Load(); got != 2 {
				t.Errorf("%d lists were read, want two", got)
			}
		})
	}
}

// An own write makes both readings anew.
func TestClientKey_afterOwnWrite(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(1)}}})
	client := newClient(t, server.URL())
	readBoth := func() errortracking.Error {
		_, err := client.ClientKey(t.Context(), project, 999)
		return wantError(t, err, errortracking.ErrClientKeyNotFound)
	}
	// A caller may do what it likes with what it was given.
	readBoth().Keys[0].ID = 1000
	if got := readBoth().Keys[0].ID; got != 1 {
		t.Errorf("the shared reading has key %d, want 1", got)
	}
	if err := client.DeleteClientKey(t.Context(), project, 1); err != nil {
		t.Fatal(err)
	}
	_, err := client.ClientKey(t.Context(), project, 1)
	wantError(t, err, errortracking.ErrClientKeyNotFound)
}

// An interrupt while the answer to a deletion is lost: it is known all the same that the key is gone.
func TestDeleteClientKey_lostInInterrupt(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{
		Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(1)}},
		Faults:   []gitlabsim.Fault{{Method: http.MethodDelete, Path: "/*", Status: 502, After: true}},
	})
	ctx, interrupt := context.WithCancel(t.Context())
	front := proxy(t, server.URL(), func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete {
			interrupt()
		}
		return true
	})
	if err := newClient(t, front).DeleteClientKey(ctx, project, 1); err != nil || ctx.Err() == nil {
		t.Errorf("got error %v, want none", err)
	}
}

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
