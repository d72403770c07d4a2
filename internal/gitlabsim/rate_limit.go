package gitlabsim

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// RateLimit is how many API requests a token may make in a time. GitLab counts in windows, and so does the simulator:
// each begins with the first request after the one before has passed. Requests without a token share one count, and so do
// those that carry it in their body.
type RateLimit struct {
	Requests int
	Per      time.Duration
}

// UnmarshalJSON reads an object such as {"requests":200,"per":"1s"}.
func (l *RateLimit) UnmarshalJSON(data []byte) error {
	var limit struct {
		Requests int    `json:"requests"`
		Per      string `json:"per"`
	}
	if err := decode(bytes.NewReader(data), &limit); err != nil {
		return fmt.Errorf("rate_limit: %w", err)
	}
	per, err := time.ParseDuration(limit.Per)
	if err != nil {
		return fmt.Errorf("rate_limit: %w", fieldError("per", limit.Per, "a time such as 1s"))
	}
	*l = RateLimit{Requests: limit.Requests, Per: per}
	return nil
}

// validate returns an error that begins with the name of the bad field.
func (l *RateLimit) validate() error {
	switch {
	case l == nil:
		return nil
	case l.Requests < 1:
		return fieldError("requests", l.Requests, "a positive number")
	case l.Per <= 0:
		return fieldError("per", l.Per.String(), "longer than nothing")
	}
	return nil
}

// window is a time in which the requests of a token are counted.
type window struct {
	ends     time.Time
	requests int
}

// limitRate counts a request to the API and refuses it when its token has made too many. GitLab's limit stands before
// all of its other code: a refused request meets no fault and needs no route.
func (i *instance) limitRate(r *http.Request, now time.Time) *answer {
	if i.rateLimit == nil {
		return nil
	}
	query := params{}
	query.add(r.URL.Query())
	token := tokenText(query, r.Header)
	w := i.windows[token]
	if !now.Before(w.ends) {
		w = window{ends: now.Add(i.rateLimit.Per)}
	}
	w.requests++
	i.windows[token] = w
	if w.requests <= i.rateLimit.Requests {
		return nil
	}
	refusal := textAnswer(http.StatusTooManyRequests, "text/plain", "Retry later\n")
	// Both times are whole seconds, and at neither is the window still open.
	refusal.header.Set("Retry-After", strconv.FormatInt(int64((w.ends.Sub(now)+time.Second-1)/time.Second), 10))
	refusal.header.Set("RateLimit-Limit", strconv.Itoa(i.rateLimit.Requests))
	refusal.header.Set("RateLimit-Remaining", "0")
	refusal.header.Set("RateLimit-Reset", strconv.FormatInt(w.ends.Add(time.Second-1).Unix(), 10))
	return &refusal
}
