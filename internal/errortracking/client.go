// Package errortracking reads and writes the error tracking of GitLab projects. Make one [Client] for a run with [New],
// turn what a user wrote into a project ID with [Client.ResolveProject], then use the ID for everything else.
//
// It promises:
//   - A request that may have changed something is not sent twice unless that changes nothing more.
//   - After an unclear answer it looks at GitLab before it reports success or failure.
//   - Writes in one project go one at a time; an interrupt finishes the write under way and starts no other.
//   - A list is complete or an error.
//   - Success means that GitLab said so in the documented JSON, and stored what was wanted.
//   - Each error is an [*Error] that says what GitLab answered and wraps one of this package's Err values.
//   - The token goes to the base URL's scheme, host and port and into no message.
//
// API: https://docs.gitlab.com/api/error_tracking/
package errortracking

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Client reads and writes the error tracking of GitLab projects. It is safe for concurrent use. One client should serve a
// whole run: it remembers which project a path means, one reading of each project's keys, and what it wrote itself.
type Client struct {
	base    *url.URL
	header  http.Header
	network http.RoundTripper
	retries int
	timeout time.Duration
	pause   func(time.Duration) time.Duration
	log     func(context.Context, Attempt)
	secrets *strings.Replacer

	projects shared[string, Project]
	// keys and keysAgain hold a first and a second reading of a project's client keys, see [Client.ClientKey].
	keys, keysAgain shared[int64, []ClientKey]

	mu      sync.Mutex
	ledgers map[int64]*ledger // by project ID
}

// New makes a client with the given options. It sends nothing. The error is an [*OptionError].
func New(o Options) (*Client, error) {
	base, err := parseBaseURL(o.BaseURL)
	if err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	timeout := cmp.Or(o.Timeout, defaultTimeout)
	network, err := newNetwork(o, timeout)
	if err != nil {
		return nil, err
	}
	c := &Client{
		base:    base,
		header:  http.Header{},
		network: network,
		retries: DefaultRetries,
		timeout: timeout,
		pause:   o.Pause,
		log:     o.Log,
		secrets: maskSecrets(o),
		ledgers: map[int64]*ledger{},
	}
	if o.Retries != nil {
		c.retries = int(*o.Retries)
	}
	for name, value := range o.Headers {
		c.header.Set(name, value)
	}
	c.header.Set("Authorization", "Bearer "+o.Token)
	c.header.Set("Accept", "application/json")
	c.header.Set("User-Agent", o.UserAgent)
	c.projects.fetch = c.findProject
	c.keys.fetch, c.keysAgain.fetch = c.ClientKeys, c.ClientKeys
	c.projects.host, c.keys.host, c.keysAgain.host = base.Host, base.Host, base.Host
	return c, nil
}

// CheckToken asks GitLab who the token belongs to. A nil error means that GitLab was reached and knows the token.
//
//	GET /user
func (c *Client) CheckToken(ctx context.Context) error {
	_, err := c.do(ctx, http.MethodGet, "/user", nil, &identified{})
	return err
}

// do sends a request with an optional JSON body and decodes the JSON of a successful answer into reply, a pointer; if
// that has a method check, its error makes the answer a malformed one. The path is below /api/v4 and escaped. It returns
// the header of a successful answer.
func (c *Client) do(ctx context.Context, method, path string, body, reply any) (http.Header, error) {
	call := &call{client: c, method: method}
	started := time.Now()
	err := call.send(ctx, path, body)
	if err == nil {
		err = call.answer.decode(reply)
	}
	if err == nil {
		return call.answer.header, nil
	}
	err.Sent = method != http.MethodGet && (err.Sent || call.unclear)
	err.Host, err.Attempts, err.Elapsed = c.base.Host, call.attempts, time.Since(started)
	// Secrets go before the message is cut to size, so that none is cut in two and half of it stays.
	err.Message = printable(c.secrets.Replace(err.Message))
	err.Path = c.secrets.Replace(err.Path)
	err.Location = c.secrets.Replace(err.Location)
	if text := c.secrets.Replace(err.Cause()); text != err.Cause() {
		err.Err = errors.New(text)
	}
	return nil, err
}

// send sends the call's request until it is answered or given up, and returns nil for an answer with a status of success.
func (call *call) send(ctx context.Context, path string, body any) *Error {
	c := call.client
	call.path = c.base.EscapedPath() + "/api/v4" + path
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return &Error{Kind: ErrUnexpected, Err: err}
		}
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, call.method, c.base.String()+"/api/v4"+path, bytes.NewReader(content))
	if err != nil {
		return &Error{Kind: ErrUnexpected, Err: err}
	}
	req.Header = c.header.Clone()
	if content != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	client := retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: call, CheckRedirect: followWithin(c.base)},
		RetryMax:     c.retries,
		CheckRetry:   call.check,
		Backoff:      call.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	_, err = client.Do(req) //nolint:bodyclose // the call has read and closed the body
	return call.verdict(ctx, err)
}

// wait waits for d, or for what the option Pause makes of it, or until ctx ends.
func (c *Client) wait(ctx context.Context, d time.Duration) {
	if c.pause != nil {
		d = c.pause(d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
