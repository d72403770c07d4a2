package errortracking_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func TestListRequests(t *testing.T) {
	t.Parallel()

	for keys, requests := range map[int]int{0: 1, 1: 1, 20: 1, 45: 1, 100: 1, 101: 2, 250: 3, 1000: 10} {
		t.Run(strconv.Itoa(keys), func(t *testing.T) {
			t.Parallel()

			server := startGitLab(t, gitlabsim.Scenario{
				Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(keys)}},
			})
			client := newClient(t, server.URL())
			iterated, err := client.ClientKeys(t.Context(), project)
			if err != nil {
				t.Fatal(err)
			}
			if got := ids(iterated); !slices.Equal(got, count(1, keys)) {
				t.Errorf("got the keys %v, want 1 to %d", got, keys)
			}
			if got := len(server.Requests()); got != requests {
				t.Errorf("the list took %d requests, want %d", got, requests)
			}
			shared, err := client.SharedClientKeys(t.Context(), project)
			if err != nil || !slices.Equal(shared, iterated) {
				t.Errorf("the shared list differs: %v, error %v", ids(shared), err)
			}
			if got := len(server.Requests()); got != 2*requests {
				t.Errorf("both lists took %d requests, want %d", got, 2*requests)
			}
		})
	}
}

// page is an answer of a server that GitLab should not be, but may be.
type page struct {
	ids         []int64
	total, next string // "-" leaves the header out
}

func (p page) write(w http.ResponseWriter) {
	rows := []map[string]any{}
	for _, id := range p.ids {
		rows = append(rows, map[string]any{"id": id, "active": true, "public_key": fmt.Sprint("glet_", id), "sentry_dsn": fmt.Sprint("https://", id)})
	}
	for name, value := range map[string]string{"X-Total": p.total, "X-Next-Page": p.next} {
		if value != "-" {
			w.Header().Set(name, value)
		}
	}
	body, err := json.Marshal(rows)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(body)
}

func TestListContradictions(t *testing.T) {
	t.Parallel()

	const none = "-"
	tests := map[string]struct {
		pages    []page // answers in their order, from the first again after the last
		want     []int64
		requests int
		err      error
	}{
		"overlap, second reading good": {
			[]page{{count(1, 100), "150", "2"}, {count(52, 101), "150", ""}, {count(1, 100), "150", "2"}, {count(101, 150), "150", ""}},
			count(1, 150), 4, nil,
		},
		"readings that complete each other": {
			[]page{{count(1, 100), "150", "2"}, {count(51, 100), "150", ""}, {count(51, 150), "150", "2"}, {count(51, 100), "150", ""}},
			nil, 8, errortracking.ErrIncompleteList,
		},
		"too few rows, second reading good": {
			[]page{{count(1, 100), "150", "2"}, {count(101, 149), "150", ""}, {count(1, 100), "150", "2"}, {count(101, 150), "150", ""}},
			count(1, 150), 4, nil,
		},
		"overlap for ever": {
			[]page{{count(1, 100), "150", "2"}, {count(51, 100), "150", ""}},
			nil, 8, errortracking.ErrIncompleteList,
		},
		"fourth reading good": {
			[]page{{count(1, 3), "4", ""}, {[]int64{1, 2, 3, 3}, "4", ""}, {count(1, 5), "4", ""}, {count(1, 4), "4", ""}},
			count(1, 4), 4, nil,
		},
		"fourth reading good, no total": {
			[]page{{[]int64{1, 1}, none, ""}, {[]int64{2, 1, 2}, none, ""}, {[]int64{1, 1}, none, ""}, {count(1, 2), none, ""}},
			count(1, 2), 4, nil,
		},
		"fifth reading good": {
			[]page{{count(1, 3), "4", ""}, {count(1, 3), "4", ""}, {count(1, 3), "4", ""}, {count(1, 3), "4", ""}, {count(1, 4), "4", ""}},
			nil, 4, errortracking.ErrIncompleteList,
		},
		"more rows than the total for ever": {[]page{{count(1, 3), "2", ""}}, nil, 4, errortracking.ErrIncompleteList},
		"grown between two pages": {
			[]page{{count(1, 100), "101", "2"}, {count(101, 102), "102", ""}, {count(1, 100), "102", "2"}, {count(101, 102), "102", ""}},
			count(1, 102), 4, nil,
		},
		"shrunk between two pages, which hides the last row": {
			[]page{{count(1, 100), "101", "2"}, {nil, "100", ""}, {count(2, 101), "100", ""}},
			count(2, 101), 3, nil,
		},
		"rows in any order":         {[]page{{[]int64{3, 1, 2}, "3", ""}}, count(1, 3), 1, nil},
		"no total":                  {[]page{{count(1, 100), none, "2"}, {count(101, 120), none, ""}}, count(1, 120), 2, nil},
		"unreadable total":          {[]page{{count(1, 100), "many", "2"}, {count(101, 120), "many", ""}}, count(1, 120), 2, nil},
		"no total, short pages":     {[]page{{count(1, 20), none, "2"}, {count(21, 30), none, ""}}, count(1, 30), 2, nil},
		"no headers":                {[]page{{count(1, 100), none, none}, {count(101, 120), none, none}}, count(1, 120), 2, nil},
		"no headers, full page":     {[]page{{count(1, 100), none, none}, {nil, none, none}}, count(1, 100), 2, nil},
		"total, no next page":       {[]page{{count(1, 100), "100", none}, {nil, "100", none}}, count(1, 100), 2, nil},
		"no headers, none":          {[]page{{nil, none, none}}, nil, 1, nil},
		"no total, overlap":         {[]page{{count(1, 100), none, "2"}, {count(100, 110), none, ""}, {count(1, 100), none, "2"}, {count(101, 111), none, ""}}, count(1, 111), 4, nil},
		"the same page for ever":    {[]page{{count(1, 2), none, "2"}}, nil, 8, errortracking.ErrIncompleteList},
		"an empty page for ever":    {[]page{{nil, none, "2"}}, nil, 1, nil},
		"empty pages and a total":   {[]page{{nil, "5", "2"}}, nil, 4, errortracking.ErrIncompleteList},
		"rows, none of which count": {[]page{{count(1, 2), "0", ""}}, nil, 4, errortracking.ErrIncompleteList},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var answers atomic.Int64
			server := startServer(t, func(w http.ResponseWriter, _ *http.Request) {
				tt.pages[int(answers.Add(1)-1)%len(tt.pages)].write(w)
			})
			keys, err := newClient(t, server.URL).SharedClientKeys(t.Context(), project)
			if tt.err != nil {
				wantError(t, err, tt.err)
			} else if err != nil {
				t.Error(err)
			}
			if got := ids(keys); !slices.Equal(got, tt.want) {
				t.Errorf("got the keys %v, want %v", got, tt.want)
			}
			if got := len(server.seen()); got != tt.requests {
				t.Errorf("the list took %d requests, want %d", got, tt.requests)
			}
		})
	}
}

// TestListWithoutEnd reads from a server that always has one more page with one more key.
func TestListWithoutEnd(t *testing.T) {
	t.Parallel()

	const bound = 1000
	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.ParseInt(r.URL.Query().Get("page"), 10, 64)
		if err != nil || number > bound {
			t.Errorf("page %q is asked for", r.URL.Query().Get("page"))
		}
		page{[]int64{number}, "-", strconv.FormatInt(number+1, 10)}.write(w)
	})
	_, err := newClient(t, server.URL).SharedClientKeys(t.Context(), project)
	wantError(t, err, errortracking.ErrMalformed)
	if got := len(server.seen()); got != bound {
		t.Errorf("the list took %d requests, want %d", got, bound)
	}
}

// A list may end with the last page that is read.
func TestListOfMostPages(t *testing.T) {
	t.Parallel()

	const bound = 1000
	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.ParseInt(r.URL.Query().Get("page"), 10, 64)
		if err != nil {
			t.Error(err)
		}
		next := strconv.FormatInt(number+1, 10)
		if number == bound {
			next = ""
		}
		page{[]int64{number}, strconv.Itoa(bound), next}.write(w)
	})
	keys, err := newClient(t, server.URL).SharedClientKeys(t.Context(), project)
	if err != nil || len(keys) != bound {
		t.Errorf("got %d keys and error %v, want %d", len(keys), err, bound)
	}
}

// A key is deleted while the list is read: the pages after it move up by one, and no key falls through between them.
func TestClientKeys_deletedMeanwhile(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", ClientKeys: gitlabsim.MakeKeys(250)}}})
	var deleted sync.Once
	front := proxy(t, server.URL(), func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("page") == "2" {
			deleted.Do(func() { server.RemoveKey(project, 5) })
		}
		return true
	})
	keys, err := newClient(t, front).SharedClientKeys(t.Context(), project)
	if err != nil {
		t.Fatal(err)
	}
	got := map[int64]bool{}
	for _, key := range keys {
		got[key.ID] = true
	}
	for _, id := range serverKeys(server) {
		if !got[id] {
			t.Errorf("key %d is in GitLab and not in the list", id)
		}
	}
}
