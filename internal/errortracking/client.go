// Package errortracking reads and writes the error tracking of GitLab projects. Make one [Client] for a run with [New],
// turn what a user wrote into a project ID with [Client.ResolveProject], then use the ID for everything else.
//
// It promises:
//   - A request that may have changed something is not sent twice unless that changes nothing more.
//   - After an unclear answer it looks at GitLab before it reports success or failure.
//   - Writes in one project go one at a time. An interrupt finishes the write under way and starts no other.
//   - A list is complete or an error.
//   - Success means that GitLab said so in the documented JSON, and stored what was wanted.
//   - Each error is an [*Error] that says what GitLab answered and wraps one of this package's Err values.
//   - The token goes to the base URL's scheme, host and port and into no message.
//
// API: https://docs.gitlab.com/api/error_tracking/
package errortracking

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/sync/semaphore"
)

// Client reads and writes the error tracking of GitLab projects. It is safe for concurrent use. One client should serve a
// whole run: it remembers which project a path means, one reading of each project's keys, and what it wrote itself.
type Client struct {
	options Options // with the defaults set
	base    *url.URL
	header  http.Header // of every request
	network http.RoundTripper
	secrets *strings.Replacer

	projects cache[string, Project]
	settings cache[int64, *Settings]
	// keys and keysAgain hold a first and a second reading of a project's client keys, see [Client.ClientKey].
	keys, keysAgain cache[int64, []ClientKey]
	projectStates   sync.Map // *projectState by project ID
	rateLimit       rateLimit
}

// New makes a client with the given options. It sends nothing. The error is an [*OptionError].
func New(o Options) (*Client, error) {
	base, err := parseBaseURL(o.BaseURL)
	if err != nil {
		return nil, err
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	o.Retries, o.Timeout = cmp.Or(o.Retries, new(int64(DefaultRetries))), cmp.Or(o.Timeout, defaultTimeout)
	if o.Pause == nil {
		o.Pause = func(wait time.Duration) time.Duration { return wait }
	}
	network, err := newNetwork(o)
	if err != nil {
		return nil, err
	}
	c := &Client{
		options:   o,
		base:      base,
		header:    http.Header{},
		network:   network,
		secrets:   maskSecrets(o),
		rateLimit: rateLimit{slot: semaphore.NewWeighted(1)},
	}
	for name, value := range o.Headers {
		c.header.Set(name, value)
	}
	c.header.Set("Authorization", "Bearer "+o.Token)
	c.header.Set("Accept", "application/json")
	c.header.Set("User-Agent", o.UserAgent)
	return c, nil
}

// Host returns the host and port of GitLab.
func (c *Client) Host() string { return c.base.Host }

// CheckToken asks GitLab who the token belongs to. A nil error means that GitLab was reached and knows the token. The
// endpoint takes no fine-grained tokens, but GitLab says so only of those that it knows.
//
//	GET /user
func (c *Client) CheckToken(ctx context.Context) error {
	var user struct {
		ID int64 `json:"id"`
	}
	call, err := c.do(ctx, http.MethodGet, "/user", nil, &user)
	switch {
	case errors.Is(err, ErrMissingPermission):
		return nil
	case err == nil && user.ID <= 0:
		return call.failure(ErrMalformed, errors.New("the user's id is missing"))
	}
	return err
}

// errorTrackingPath returns the path of what a project has of error tracking.
func errorTrackingPath(projectID int64, of string) string {
	return fmt.Sprintf("/projects/%d/error_tracking/%s", projectID, of)
}

// do sends a request until it is answered or given up, and decodes the JSON of a successful answer into reply, a pointer.
// The path is below /api/v4, escaped, and may have a query. The body is sent as JSON; nil is none. The error is an [*Error].
// The returned call is never nil. Use its answer for headers, and call.failure to report a reply that decodes but is wrong.
func (c *Client) do(ctx context.Context, method, path string, body, reply any) (*call, error) {
	call := &call{client: c, method: method, started: time.Now()}
	header := c.header.Clone()
	var content any
	if body != nil {
		content, _ = json.Marshal(body) // which cannot fail for settings
		header.Set("Content-Type", "application/json")
	}
	req, _ := retryablehttp.NewRequestWithContext(ctx, method, c.base.String()+"/api/v4"+path, content) // which cannot fail for an escaped path
	req.Header, call.path = header, req.URL.EscapedPath()
	client := retryablehttp.Client{
		// No redirect is followed: the token belongs to the base URL.
		HTTPClient:   &http.Client{Transport: call, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		RetryWaitMin: minWait,
		RetryWaitMax: maxWait,
		RetryMax:     int(*c.options.Retries),
		CheckRetry:   call.shouldRetry,
		Backoff:      call.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	_, err := client.Do(req) //nolint:bodyclose // the call has read and closed the body
	if kind, cause := call.decode(ctx, err, reply); kind != nil {
		return call, call.failure(kind, cause)
	}
	return call, nil
}

// projectState is what a client knows of a project. Whoever has locked it is the only one of the client to write there.
type projectState struct {
	client    *Client
	projectID int64
	lock      sync.Mutex
	// highest is the highest key ID that is known. GitLab's IDs ascend, so a key that is made later has a higher one.
	highest int64
	// knownAt is when the request that told highest was sent. It is zero while the keys have to be read first.
	knownAt time.Time
	// failed is the error after which AddClientKey does nothing in the project.
	failed error
	// settingsSaved says that this client has saved the project's settings, or found them as wanted.
	settingsSaved bool
}

// lockProject waits until nobody else writes in the project, and returns its state and what unlocks it. A write that waited while
// its context was cancelled is not begun: its first request sends nothing.
func (c *Client) lockProject(projectID int64) (p *projectState, unlock func()) {
	entry, _ := c.projectStates.LoadOrStore(projectID, &projectState{client: c, projectID: projectID})
	p, _ = entry.(*projectState)
	p.lock.Lock()
	return p, p.lock.Unlock
}
