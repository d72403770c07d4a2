package errortracking

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// minWait and maxWait bound the time before a repetition that GitLab says nothing about.
const minWait, maxWait = 200 * time.Millisecond, 10 * time.Second

// LongestWait is the longest time that GitLab may ask to wait; a longer one ends the request. Then no number of retries
// helps.
const LongestWait = 10 * time.Minute

// shouldRetry decides whether the call is repeated, as retryablehttp.CheckRetry. A request other than POST is repeated after a
// 429, a 5xx other than 501, or a broken connection; a POST only after a 429 or when it cannot have been sent, because
// GitLab is known to make a key and then answer 500.
func (c *call) shouldRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	again, _ := retryablehttp.DefaultRetryPolicy(ctx, resp, err)
	isPOST := c.method == http.MethodPost
	switch {
	case !again:
		return false, nil
	case err != nil:
		// An error that comes with an answer is a redirect that leads nowhere.
		return c.answer == nil && !isPermanent(err) && (!isPOST || !c.wroteRequest), nil
	case isPOST && resp.StatusCode != http.StatusTooManyRequests:
		return false, nil
	}
	return c.answer.wait() <= LongestWait, nil
}

// backoff returns the wait before a repetition, as retryablehttp.Backoff: the time that GitLab asks for, else one that
// doubles with each attempt, half of it random, so that clients do not come back together. After a 429 see [rateLimit].
func (c *call) backoff(least, most time.Duration, attempt int, _ *http.Response) time.Duration {
	wait := retryablehttp.DefaultBackoff(least, most, attempt, nil)
	wait = wait/2 + rand.N(wait/2)
	switch a := c.answer; {
	case a == nil:
	case a.status == http.StatusTooManyRequests:
		return 0
	case a.wait() > 0:
		wait = a.wait() + rand.N(least)
	}
	return c.client.options.Pause(wait)
}

// wait returns how long an answer asks to wait, or 0: Retry-After in seconds or as a date, else, where the rate
// limit is what the answer is about, RateLimit-Reset in seconds since 1970. Times count from the answer's own Date, since
// the clocks of GitLab and of this machine may differ.
func (a *answer) wait() time.Duration {
	now, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	after := a.header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(after, 10, 31); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(after); err == nil {
		return max(0, date.Sub(now))
	}
	if reset, err := strconv.ParseInt(a.header.Get("RateLimit-Reset"), 10, 64); err == nil && a.status == http.StatusTooManyRequests {
		return max(0, time.Unix(reset, 0).Sub(now))
	}
	return 0
}

// looks yields when to look at what became of a write with an unclear response: at once, after a second, and after three
// more. GitLab can commit its work after a proxy has given up.
func (c *Client) looks(yield func() bool) {
	for _, wait := range []time.Duration{0, time.Second, 3 * time.Second} {
		if wait > 0 {
			time.Sleep(c.options.Pause(wait))
		}
		if !yield() {
			return
		}
	}
}
