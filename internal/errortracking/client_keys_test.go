package errortracking_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

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
