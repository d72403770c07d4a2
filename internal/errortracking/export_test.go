package errortracking

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// The requests themselves, for the tests of what becomes of a single one.

func (c *Client) PutSettings(ctx context.Context, projectID int64, active, integrated bool) (Settings, error) {
	return c.sendSettings(ctx, http.MethodPut, projectID, WantedSettings{active, &integrated})
}

func (c *Client) PatchSettings(ctx context.Context, projectID int64, active bool, integrated *bool) (Settings, error) {
	return c.sendSettings(ctx, http.MethodPatch, projectID, WantedSettings{active, integrated})
}

func (c *Client) PostClientKey(ctx context.Context, projectID int64) (ClientKey, error) {
	var key ClientKey
	_, err := c.do(ctx, http.MethodPost, clientKeysPath(projectID), nil, &key)
	return key, err
}

func (c *Client) SharedClientKeys(ctx context.Context, projectID int64) ([]ClientKey, error) {
	keys, err := c.keys.get(ctx, projectID)
	return slices.Clone(keys), err
}

// Parts without a client of their own.
var (
	ErrBodyTooLong = errBodyTooLong
	ParseBaseURL   = parseBaseURL
	Origin         = origin
	RequestedWait  = requestedWait
)

// RepeatAfterError asks the retry policy about an attempt that ended with err.
func RepeatAfterError(ctx context.Context, method string, sent, answered bool, err error) (bool, error) {
	c := call{method: method, sent: sent}
	if answered {
		c.answer = &answer{}
	}
	return c.check(ctx, nil, err)
}

// Backoff returns the wait after an attempt that had no answer.
func Backoff(pause func(time.Duration) time.Duration, attempt int) time.Duration {
	c := call{client: &Client{pause: pause}}
	return c.backoff(minWait, maxWait, attempt, nil)
}

// Hold makes all other writes in a project wait until release is called.
func (c *Client) Hold(ctx context.Context, projectID int64) (release func(), err error) {
	l, err := c.hold(ctx, projectID)
	if err != nil {
		return nil, err
	}
	return l.release, nil
}

// TotalWait adds up waits, each given by when it starts and how long it is.
func TotalWait(all ...[2]time.Duration) time.Duration {
	var w waits
	for _, wait := range all {
		w.add(time.Unix(0, 0).Add(wait[0]), wait[1])
	}
	return w.total
}
