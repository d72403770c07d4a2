package gitlabsim_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// limited is a scenario with a rate limit.
func limited(requests int, per time.Duration) gitlabsim.Scenario {
	return with(func(s *gitlabsim.Scenario, _ *gitlabsim.Project) {
		s.RateLimit = &gitlabsim.RateLimit{Requests: requests, Per: per}
	})
}

// TestRateLimit makes more requests than are allowed in an hour.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	server := start(t, limited(2, time.Hour), gitlabsim.Options{})
	server.AddFault(gitlabsim.Fault{Path: "/version", Status: http.StatusBadGateway})
	api := server.URL() + "/api/v4"
	before := time.Now()
	for _, want := range []int{http.StatusBadGateway, http.StatusBadGateway, http.StatusTooManyRequests} {
		if got := ask(t, http.MethodGet, api+"/version"); got.status != want {
			t.Errorf("got %d %s, want %d", got.status, got.body, want)
		}
	}
	got := ask(t, http.MethodPost, api+keys)
	after := time.Now()
	if got.status != http.StatusTooManyRequests || got.body != "Retry later\n" || got.header.Get("Content-Type") != "text/plain" {
		t.Errorf("got %d %q of type %q", got.status, got.body, got.header.Get("Content-Type"))
	}
	for name, bounds := range map[string][2]int64{
		"Retry-After":         {3600 - int64(after.Sub(before)/time.Second) - 1, 3600},
		"RateLimit-Limit":     {2, 2},
		"RateLimit-Remaining": {0, 0},
		"RateLimit-Reset":     {before.Add(time.Hour).Unix(), after.Add(time.Hour).Unix() + 1},
	} {
		value, err := strconv.ParseInt(got.header.Get(name), 10, 64)
		if err != nil || value < bounds[0] || value > bounds[1] {
			t.Errorf("%s is %q, want a number from %d to %d", name, got.header.Get(name), bounds[0], bounds[1])
		}
	}
	if made := server.Keys(1); len(made) != 0 {
		t.Errorf("a refused request made keys %+v", made)
	}
	for _, url := range []string{server.URL() + "/-/projects/1", server.URL() + "/-/requests"} {
		if got := ask(t, http.MethodGet, url); got.status != http.StatusOK {
			t.Errorf("%s answers %d", url, got.status)
		}
	}
	requests := server.Requests()
	if last := requests[len(requests)-1]; len(requests) != 4 || last.Status != http.StatusTooManyRequests {
		t.Errorf("got %d requests, the last %+v", len(requests), last)
	}
}

// TestRateLimitEachToken uses the limit up with one token and asks with another.
func TestRateLimitEachToken(t *testing.T) {
	t.Parallel()
	server := start(t, limited(1, time.Hour), gitlabsim.Options{})
	version := server.URL() + "/api/v4/version"
	for _, test := range []struct {
		authorization string
		want          int
	}{{"", http.StatusUnauthorized}, {"", http.StatusTooManyRequests}, {"Bearer admin-token", http.StatusOK}, {"Bearer admin-token", http.StatusTooManyRequests}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, version, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", test.authorization)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != test.want {
			t.Errorf("%q: got %d, want %d", test.authorization, resp.StatusCode, test.want)
		}
	}
}

// TestRateLimitWindow begins a new window with each request, since the one before is over by then.
func TestRateLimitWindow(t *testing.T) {
	t.Parallel()
	server := start(t, limited(1, time.Nanosecond), gitlabsim.Options{})
	for range 5 {
		if got := ask(t, http.MethodGet, server.URL()+"/api/v4/version"); got.status != http.StatusOK {
			t.Errorf("got %d %s", got.status, got.body)
		}
	}
}

// TestRateLimitInScenario reads a limit from JSON.
func TestRateLimitInScenario(t *testing.T) {
	t.Parallel()
	s, err := gitlabsim.ReadScenario(strings.NewReader(`{"rate_limit":{"requests":200,"per":"1s"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := (gitlabsim.RateLimit{Requests: 200, Per: time.Second}); *s.RateLimit != want {
		t.Errorf("got %+v, want %+v", *s.RateLimit, want)
	}
}
