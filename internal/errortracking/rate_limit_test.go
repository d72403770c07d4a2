package errortracking_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// limited is a GitLab that takes a number of requests a window, answers each after a while, and asks the others to wait
// until the window ends, in whole seconds.
type limited struct {
	most                 int
	window, takes, asked time.Duration // asked is what it asks for instead, if not 0; nothing, if below

	mu    sync.Mutex
	taken int
	ends  time.Time
	sent  []time.Time // of each request
}

func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	select {
	case <-time.After(l.takes):
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.sent = append(l.sent, now)
	if !now.Before(l.ends) {
		l.ends, l.taken = now.Add(l.window), 0
	}
	if l.taken++; l.taken > l.most {
		return refused(req, cmp.Or(l.asked, l.ends.Sub(now))), nil
	}
	return accepted(req), nil
}

// accepted answers GET /user.
func accepted(req *http.Request) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(`{"id":5}`)), Request: req}
}

// refused is an answer of the rate limit that asks to wait, in whole seconds, or for no time if wait is negative.
func refused(req *http.Request, wait time.Duration) *http.Response {
	header := http.Header{}
	if wait >= 0 {
		header.Set("Retry-After", fmt.Sprint(int((wait+time.Second-1)/time.Second)))
	}
	return &http.Response{StatusCode: http.StatusTooManyRequests, Header: header, Body: http.NoBody, Request: req}
}

// startLimited returns a client of a GitLab with a rate limit, which waits as long as it does for users. The tests with
// it run on the fake clock of synctest.
func startLimited(t *testing.T, network http.RoundTripper) *errortracking.Client {
	t.Helper()
	client := newClient(t, "http://127.0.0.1:1", func(o *errortracking.Options) { o.Pause = nil })
	client.SetNetwork(network)
	return client
}

// Requests that use the rate limit up all get their answer, and few are refused.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	const parallel, each, most = 10, 20, 20
	server := startGitLab(t, gitlabsim.Scenario{RateLimit: &gitlabsim.RateLimit{Requests: most, Per: 100 * time.Millisecond}})
	client := newClient(t, server.URL(), func(o *errortracking.Options) {
		o.Pause = func(wait time.Duration) time.Duration { return wait / 10 } // GitLab asks for a second at least
	})
	var work sync.WaitGroup
	for range parallel {
		work.Go(func() {
			for range each {
				if err := client.CheckToken(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	repeated := len(server.Requests()) - parallel*each
	// In each window those that are under way are refused, and hardly one besides.
	if most := parallel * each / most * (parallel + 10); repeated == 0 || repeated > most {
		t.Errorf("%d requests were refused, want some and %d at most", repeated, most)
	}
}

// The first repetition goes early, since GitLab rounds up; the others wait as long as GitLab asks, and a little longer.
func TestRateLimit_oneRequest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ asked, waits time.Duration }{
		"for a time": {7 * time.Second, 7 * time.Second}, "for no time": {-1, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				gitlab := &limited{window: time.Hour, asked: tt.asked}
				failed := wantError(t, startLimited(t, gitlab).CheckToken(t.Context()), errortracking.ErrRateLimited)
				if failed.Attempts != errortracking.DefaultRetries+1 || len(gitlab.sent) != failed.Attempts {
					t.Fatalf("got %d attempts and %d requests, want %d", failed.Attempts, len(gitlab.sent), errortracking.DefaultRetries+1)
				}
				for n, at := range gitlab.sent[1:] {
					least := tt.waits
					if n == 0 {
						least -= 900 * time.Millisecond
					}
					if waited := at.Sub(gitlab.sent[n]); waited <= least || waited > least+100*time.Millisecond {
						t.Errorf("repetition %d came after %s, want a little more than %s", n+1, waited, least)
					}
				}
			})
		})
	}
}

// roundTrip is a network that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// The answer to a request from before the refusal does not say that GitLab takes requests again.
func TestRateLimit_lateAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		var third atomic.Pointer[time.Time]
		client := startLimited(t, roundTrip(func(req *http.Request) (*http.Response, error) {
			switch sent.Add(1) {
			case 1:
				time.Sleep(2 * time.Second)
			case 2:
				return refused(req, time.Minute), nil
			case 3:
				third.Store(new(time.Now()))
			}
			return accepted(req), nil
		}))
		started := time.Now()
		var work sync.WaitGroup
		for range 3 {
			work.Go(func() {
				if err := client.CheckToken(t.Context()); err != nil {
					t.Error(err)
				}
			})
			time.Sleep(time.Second + 500*time.Millisecond)
		}
		work.Wait()
		if waited := third.Load().Sub(started); waited < time.Minute {
			t.Errorf("the third request came after %s, want a minute", waited)
		}
	})
}

// A request that was not refused waits with those that were. When its context is cancelled it is not sent, and the next
// one goes.
func TestRateLimit_cancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gitlab := &limited{most: 1, window: time.Minute}
		client := startLimited(t, gitlab)
		var work sync.WaitGroup
		ask := func(ctx context.Context, want error) {
			work.Go(func() {
				if err := client.CheckToken(ctx); !errors.Is(err, want) {
					t.Errorf("got error %v, want %v", err, want)
				}
			})
			synctest.Wait()
		}
		ask(t.Context(), nil) // takes all of the limit
		cancelled, cancel := context.WithCancel(t.Context())
		ask(cancelled, context.Canceled) // is refused, and has the slot
		ask(cancelled, context.Canceled)
		ask(t.Context(), nil)
		sent := len(gitlab.sent)
		cancel()
		work.Wait()
		// The last request and its first repetition go early.
		if sent != 2 || len(gitlab.sent) != 5 {
			t.Errorf("sent %d requests, then %d, want 2 and then 3", sent, len(gitlab.sent)-sent)
		}

		// Nobody waits for a time that is over.
		waited := client.RateLimitWait()
		gitlab.most = 0
		givenUp, cancel := context.WithCancel(t.Context())
		ask(givenUp, context.Canceled)
		cancel()
		work.Wait()
		gitlab.most = 9
		time.Sleep(time.Hour)
		ask(t.Context(), nil)
		work.Wait()
		if after := client.RateLimitWait(); after < waited {
			t.Errorf("waited %s, and later %s", waited, after)
		}
	})
}

// The end of a cancelled attempt does not say that GitLab takes requests again.
func TestRateLimit_cancelledAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		client := startLimited(t, roundTrip(func(req *http.Request) (*http.Response, error) {
			switch sent.Add(1) {
			case 1: // is under way until its end
				<-req.Context().Done()
				return nil, req.Context().Err()
			case 2:
				return refused(req, time.Minute), nil
			}
			return accepted(req), nil
		}))
		cancelled, cancel := context.WithCancel(t.Context())
		refusedOne, giveUp := context.WithCancel(t.Context())
		var work sync.WaitGroup
		for _, ctx := range []context.Context{cancelled, refusedOne} {
			work.Go(func() { wantError(t, client.CheckToken(ctx), errortracking.ErrInterrupted) })
			synctest.Wait()
		}
		giveUp() // and nobody waits
		synctest.Wait()
		cancel()
		work.Wait()
		started := time.Now()
		if err := client.CheckToken(t.Context()); err != nil {
			t.Error(err)
		}
		if waited := time.Since(started); waited < 59*time.Second {
			t.Errorf("the next request came after %s, want a minute", waited)
		}
	})
}

// A wait that is too long for one request is not waited for by the others.
func TestRateLimit_tooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gitlab := &limited{window: time.Hour, asked: time.Hour}
		client := startLimited(t, gitlab)
		started := time.Now()
		for range 2 {
			failed := wantError(t, client.CheckToken(t.Context()), errortracking.ErrRateLimited)
			if failed.Wait != time.Hour || failed.Attempts != 1 {
				t.Errorf("got %+v, want one attempt, and a wait of an hour", failed)
			}
		}
		if waited := client.RateLimitWait(); waited != 0 || time.Since(started) != 0 {
			t.Errorf("waited %s of %s, want none", waited, time.Since(started))
		}
	})
}

// Waits at the same time count once.
func TestClient_RateLimitWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gitlab := &limited{most: 1, window: 20 * time.Second}
		client := startLimited(t, gitlab)
		var work sync.WaitGroup
		for range 3 { // one a window
			work.Go(func() {
				if err := client.CheckToken(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		work.Wait()
		if waited := client.RateLimitWait(); waited < 40*time.Second || waited > 41*time.Second {
			t.Errorf("waited %s, want 40 s", waited)
		}
	})
}
