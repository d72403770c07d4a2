package errortracking

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// early is subtracted from the first wait, because GitLab rounds Retry-After up to whole seconds.
const early = 900 * time.Millisecond

// rateLimit is what the calls of a client know of GitLab's rate limit. While GitLab refuses requests they go one at a time
// and in order, until one is not refused. This keeps 429s few and preserves the order.
type rateLimit struct {
	turn   *semaphore.Weighted       // of one
	opens  atomic.Pointer[time.Time] // when GitLab takes requests again, nil while it refuses none
	waited atomic.Int64              // nanoseconds of the calls that had the turn
}

// enter waits until GitLab takes the next attempt, and reports whether the call has the turn. The error is the context's.
func (c *call) enter(ctx context.Context) (hasTurn bool, err error) {
	l := &c.client.rateLimit
	if err := l.turn.Acquire(ctx, 1); err != nil {
		return false, err
	}
	opens := l.opens.Load()
	if opens == nil {
		l.turn.Release(1)
		return false, nil
	}
	wait := time.Until(*opens)
	if c.attempts <= 1 {
		wait -= early
	}
	wait = max(0, wait)
	l.waited.Add(int64(wait))
	pause, cancel := context.WithTimeout(ctx, c.client.pause(wait))
	defer cancel()
	<-pause.Done()
	if err := ctx.Err(); err != nil {
		l.turn.Release(1)
		return false, err
	}
	return true, nil
}

// leave ends an attempt that entered, and the turn if the call has it. One that was cancelled has learned nothing.
func (c *call) leave(ctx context.Context, hasTurn bool) {
	l := &c.client.rateLimit
	var opens *time.Time
	if a := c.answer; a != nil && a.status == http.StatusTooManyRequests && a.wait() <= LongestWait {
		opens = new(time.Now().Add(max(a.wait(), time.Second) + rand.N(minWait/4)))
	}
	if ctx.Err() == nil {
		l.opens.Store(opens)
	}
	if hasTurn {
		l.turn.Release(1)
	}
}

// RateLimitWait returns how long requests have waited in all because GitLab's rate limit was reached. Time in which several
// waited counts once.
func (c *Client) RateLimitWait() time.Duration { return time.Duration(c.rateLimit.waited.Load()) }
