// Package errortracking is how the provider talks to GitLab: make a [Client] with [New], turn what a user wrote into a
// project ID with [Client.ResolveProject], then read and write that project's settings and client keys by its ID.
//
// Each error is an [*Error] that says what GitLab answered and wraps one of the Err values of this package, one for each
// meaning that a status of GitLab's can have, so that callers decide with [errors.Is] and never by a message:
//
//	settings, err := client.Settings(ctx, 42)
//	if errors.Is(err, errortracking.ErrSettingsNotFound) { … }
//
// The package sends requests through GitLab's own client-go and takes over only what that leaves out: the body of a 404,
// the difference between null and an empty text, answers with status 200 that are no success, which requests may be
// repeated, and where the token may go.
//
// API: https://docs.gitlab.com/api/error_tracking/
package errortracking

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
	"golang.org/x/time/rate"
)

// DefaultBaseURL is the GitLab that is asked when [Options.BaseURL] is empty.
const DefaultBaseURL = "https://gitlab.com"

// DefaultRetries is how often a request is repeated when [Options.Retries] is nil.
const DefaultRetries = 5

// defaultTimeout bounds one attempt at a request. GitLab itself ends a request after 60 seconds; a key that it makes until
// then is seen when the keys are read after a lost answer.
const defaultTimeout = 65 * time.Second

// Options say which GitLab a [Client] talks to, and how.
type Options struct {
	// Token is a personal, project, group or OAuth access token with the scope api (read_api suffices for reading).
	Token string
	// BaseURL is the address of GitLab, with or without /api/v4 and a closing slash; it may have a path, for a GitLab
	// below a relative root. Empty means [DefaultBaseURL].
	BaseURL string
	// CACertFile names a PEM file of authorities that are trusted beside the system's.
	CACertFile string
	// Insecure turns the check of GitLab's certificate off.
	Insecure bool
	// ClientCert and ClientKey name PEM files, given together, for a GitLab that asks its clients for a certificate.
	ClientCert, ClientKey string
	// Headers are sent with every request.
	Headers map[string]string
	// Retries is how often a request may be repeated after its first try; nil means [DefaultRetries].
	Retries *int64
	// UserAgent is sent with every request.
	UserAgent string
	// Timeout bounds one attempt at a request; zero means 65 seconds.
	Timeout time.Duration
	// Pause is given the time to wait before each repetition and returns the time that is really waited. Nil waits as
	// told. Tests use it to see the waits without waiting.
	Pause func(time.Duration) time.Duration
	// Log, if not nil, is told each attempt at a request when it has ended. The context is that of the request.
	Log func(context.Context, Attempt)
}

// Client reads and writes the error tracking of GitLab projects. It is safe for concurrent use. It remembers for its
// lifetime which project a path means, and the keys of a project until it writes there itself, so one client should
// serve a whole run.
type Client struct {
	api      *gitlab.Client
	secrets  *strings.Replacer
	projects shared[string, Project]

	// keys and keysAgain hold a first and a second reading of the client keys by project ID, see ClientKeysWith.
	keys, keysAgain shared[int64, []ClientKey]

	mu        sync.Mutex
	creations map[int64]*creations // by project ID
}

// New makes a client after the given options. It sends nothing. The error is an [*OptionError] that names the option
// which is wrong.
func New(o Options) (*Client, error) {
	base, err := parseBaseURL(o.BaseURL)
	if err != nil {
		return nil, err
	}
	if err := checkHeaders(o); err != nil {
		return nil, err
	}
	retries := int64(DefaultRetries)
	if o.Retries != nil {
		retries = *o.Retries
	}
	if retries < 0 {
		return nil, &OptionError{Option: "retries", Problem: fmt.Sprintf("%d is negative", retries)}
	}
	network, err := newNetwork(o)
	if err != nil {
		return nil, err
	}
	policy := retryPolicy{pause: o.Pause}
	secrets := maskSecrets(o)
	api, err := gitlab.NewAuthSourceClient(bearer(o.Token),
		gitlab.WithBaseURL(base.String()),
		gitlab.WithHTTPClient(&http.Client{
			Transport:     &transport{next: network, timeout: cmp.Or(o.Timeout, defaultTimeout), hook: o.Log, secrets: secrets},
			CheckRedirect: followWithin(base),
		}),
		gitlab.WithCustomRetry(policy.check),
		gitlab.WithCustomBackoff(policy.backoff),
		gitlab.WithCustomRetryMax(int(retries)),
		// Terraform bounds the requests under way by its parallelism, and a 429 says when to go on.
		gitlab.WithCustomLimiter(rate.NewLimiter(rate.Inf, 0)),
		gitlab.WithUserAgent(o.UserAgent),
		gitlab.WithRequestOptions(gitlab.WithHeaders(o.Headers)),
	)
	if err != nil {
		return nil, fmt.Errorf("making the GitLab client: %w", err)
	}
	c := &Client{api: api, secrets: secrets}
	c.projects.fetch = c.findProject
	c.keys.fetch, c.keysAgain.fetch = c.allClientKeys, c.allClientKeys
	return c, nil
}

// answerLost reports whether err leaves open if GitLab has done what it was asked for.
func answerLost(err error) bool {
	var failed *Error
	return errors.As(err, &failed) && failed.Sent
}

// lookTimeout bounds the look at what became of a request whose answer was lost.
const lookTimeout = 2 * time.Minute

// afterLostAnswer returns the context of that look, which no interrupt ends.
func afterLostAnswer(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
}

// CheckToken asks GitLab who the token belongs to. A nil error means that GitLab was reached and knows the token.
func (c *Client) CheckToken(ctx context.Context) error {
	_, err := c.do(ctx, &identified{}, func(o gitlab.RequestOptionFunc) error {
		_, _, err := c.api.Users.CurrentUser(o)
		return err
	})
	return err
}

// do sends one request, which send makes with client-go and the given option, and decodes the JSON of a successful
// answer into reply, a pointer; if that has a method check, its error makes the answer a malformed one. It returns the
// header of a successful answer. What client-go returns is used only when there was no answer at all.
func (c *Client) do(ctx context.Context, reply any, send func(gitlab.RequestOptionFunc) error) (http.Header, error) {
	call := &call{started: time.Now()}
	sendErr := send(gitlab.WithContext(context.WithValue(ctx, callKey{}, call)))
	err := call.verdict(ctx, sendErr)
	if err == nil {
		err = call.answer.decode(reply)
	}
	if err == nil {
		return call.answer.header, nil
	}
	err.Attempts, err.Elapsed = call.attempts, time.Since(call.started)
	// Secrets go before the message is cut to size, so that none is cut in two and half of it stays.
	err.Message = printable(c.secrets.Replace(err.Message))
	// The path is GitLab's own word after a redirect, and Go quotes what is no answer.
	err.Path = c.secrets.Replace(err.Path)
	err.Location = c.secrets.Replace(err.Location)
	if err.Err != nil {
		err.Err = &masked{error: err.Err, text: c.secrets.Replace(err.Err.Error())}
	}
	return nil, err
}

// bearer is the token as client-go wants it, sent as "Authorization: Bearer".
type bearer string

func (bearer) Init(context.Context, *gitlab.Client) error { return nil }

func (b bearer) Header(context.Context) (key, value string, err error) {
	return "Authorization", "Bearer " + string(b), nil
}

var (
	// authenticationHeaders are the headers in which GitLab looks for a token.
	authenticationHeaders = []string{"Authorization", "Private-Token", "Job-Token"}
	// ownHeaders are those that a request has by itself. With an Idempotency-Key net/http would repeat a POST.
	ownHeaders = []string{"Accept", "Accept-Encoding", "Connection", "Content-Length", "Content-Type", "Host", "Idempotency-Key", "Transfer-Encoding", "X-Idempotency-Key"}
)

var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// checkHeaders refuses what HTTP cannot send, before a request fails of it with an error that names no option.
func checkHeaders(o Options) error {
	switch {
	case o.Token == "":
		return &OptionError{Option: "token", Problem: "it is empty"}
	case strings.ContainsFunc(o.Token, isSpaceOrControl):
		return &OptionError{Option: "token", Problem: "it contains a space or a line break; a token that is read from a file often ends with one"}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Headers)) {
		switch {
		case !headerName.MatchString(name):
			return &OptionError{Option: "headers", Problem: fmt.Sprintf("%q is no name of a header", name)}
		case slices.Contains(authenticationHeaders, http.CanonicalHeaderKey(name)):
			return &OptionError{Option: "headers", Problem: name + " is set by the token argument and cannot be a custom header"}
		case slices.Contains(ownHeaders, http.CanonicalHeaderKey(name)):
			return &OptionError{Option: "headers", Problem: name + " is the provider's own and cannot be a custom header"}
		case strings.ContainsFunc(o.Headers[name], unicode.IsControl):
			return &OptionError{Option: "headers", Problem: "the value of " + name + " contains a line break or another control character"}
		}
	}
	return nil
}

func isSpaceOrControl(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// maskSecrets returns what takes the token and the values of the custom headers out of a text, a longer one before one
// that it begins with.
func maskSecrets(o Options) *strings.Replacer {
	masks := map[string]string{o.Token: "(token)"}
	for name, value := range o.Headers {
		if value != "" {
			masks[value] = "(value of header " + name + ")"
		}
	}
	var pairs []string
	for _, secret := range slices.Backward(slices.Sorted(maps.Keys(masks))) {
		pairs = append(pairs, secret, masks[secret])
	}
	return strings.NewReplacer(pairs...)
}

// parseBaseURL returns the root of GitLab that a user's base_url means, without /api/v4 and closing slash.
func parseBaseURL(s string) (*url.URL, error) {
	wrong := func(problem string) (*url.URL, error) {
		return nil, &OptionError{Option: "base_url", Problem: problem + "; it should look like " + DefaultBaseURL + " or https://gitlab.example.com/gitlab"}
	}
	u, err := url.Parse(cmp.Or(s, DefaultBaseURL))
	switch {
	case err != nil:
		// The text of a parse error repeats the whole URL, and with it a password that may be inside.
		return wrong("it is not a URL")
	case u.User != nil:
		return wrong("it holds a user name or password, which would be seen in logs")
	case u.Scheme != "http" && u.Scheme != "https":
		return wrong("it does not start with https:// or http://")
	case u.Hostname() == "":
		return wrong("it names no host")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return wrong("it has a query or a fragment")
	}
	path := strings.TrimRight(u.Path, "/")
	path = strings.TrimRight(strings.TrimSuffix(path, "/api/v4"), "/")
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}, nil
}
