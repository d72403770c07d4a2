package errortracking

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// slack is subtracted from the first wait, because GitLab rounds Retry-After up to whole seconds.
const slack = 900 * time.Millisecond

// rateLimit is what the calls of a client know of GitLab's rate limit. While GitLab refuses requests they go one at a time
// and in order, until one is not refused. This keeps 429s few and preserves the order.
type rateLimit struct {
	slot         *semaphore.Weighted       // of one
	blockedUntil atomic.Pointer[time.Time] // when GitLab takes requests again, nil while it refuses none
	waited       atomic.Int64              // nanoseconds of the calls that had the slot
}

// acquire waits until GitLab takes the next attempt, and reports whether the call has the slot. The error is the context's.
func (c *call) acquire(ctx context.Context) (hasSlot bool, err error) {
	l := &c.client.rateLimit
	if err := l.slot.Acquire(ctx, 1); err != nil {
		return false, err
	}
	blockedUntil := l.blockedUntil.Load()
	if blockedUntil == nil {
		l.slot.Release(1)
		return false, nil
	}
	wait := time.Until(*blockedUntil)
	if c.attempts <= 1 {
		wait -= slack
	}
	wait = max(0, wait)
	l.waited.Add(int64(wait))
	pause, cancel := context.WithTimeout(ctx, c.client.options.Pause(wait))
	defer cancel()
	<-pause.Done()
	if err := ctx.Err(); err != nil {
		l.slot.Release(1)
		return false, err
	}
	return true, nil
}

// release ends an attempt, and frees the slot if the call has it. One that was cancelled has learned nothing.
func (c *call) release(ctx context.Context, hasSlot bool) {
	l := &c.client.rateLimit
	var blockedUntil *time.Time
	if a := c.answer; a != nil && a.status == http.StatusTooManyRequests && a.wait() <= LongestWait {
		blockedUntil = new(time.Now().Add(max(a.wait(), time.Second) + rand.N(minWait/4)))
	}
	if ctx.Err() == nil {
		l.blockedUntil.Store(blockedUntil)
	}
	if hasSlot {
		l.slot.Release(1)
	}
}

// RateLimitWait returns how long requests have waited in all because GitLab's rate limit was reached. Time in which several
// waited counts once.
func (c *Client) RateLimitWait() time.Duration { return time.Duration(c.rateLimit.waited.Load()) }
