package errortracking

import (
	"context"
	"fmt"
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
	_, err := c.do(ctx, http.MethodPost, errorTrackingPath(projectID, "client_keys"), nil, &key)
	return key, err
}

func (c *Client) RequestDeletion(ctx context.Context, projectID, keyID int64) error {
	_, err := c.do(ctx, http.MethodDelete, errorTrackingPath(projectID, fmt.Sprintf("client_keys/%d", keyID)), nil, &ClientKey{})
	return err
}

func (c *Client) SharedClientKeys(ctx context.Context, projectID int64) ([]ClientKey, error) {
	keys, err := c.keys.get(ctx, projectID, c.ClientKeys)
	return slices.Clone(keys), err
}

// ParseBaseURL needs no client.
var ParseBaseURL = parseBaseURL

// RequestedWait returns how long an answer asks to wait.
func RequestedWait(status int, header http.Header) time.Duration {
	return (&answer{status: status, header: header}).wait()
}

// RepeatAfterError asks the retry policy about an attempt that ended with err.
func RepeatAfterError(ctx context.Context, method string, sent, answered bool, err error) (bool, error) {
	c := call{method: method, wroteRequest: sent}
	if answered {
		c.answer = &answer{}
	}
	return c.shouldRetry(ctx, nil, err)
}

// Backoff returns the wait after an attempt that had no answer.
func Backoff(pause func(time.Duration) time.Duration, attempt int) time.Duration {
	c := call{client: &Client{options: Options{Pause: pause}}}
	return c.backoff(minWait, maxWait, attempt, nil)
}

// Hold makes all other writes in a project wait until release is called.
func (c *Client) Hold(projectID int64) (release func()) {
	_, release = c.lockProject(projectID)
	return release
}

// SetNetwork makes a client send through a network of the test's own.
func (c *Client) SetNetwork(network http.RoundTripper) { c.network = network }

// Transport is the connection pool of a client, for what a machine's environment sets: proxies and name servers.
func (c *Client) Transport() *http.Transport {
	transport, _ := c.network.(*http.Transport)
	return transport
}
