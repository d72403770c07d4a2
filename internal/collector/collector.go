// Package collector sends a test event to the collector that a DSN leads to, as an application does, and says what is wrong
// if it is not accepted. A collector is not GitLab's API: it has an address of its own and asks for no token.
package collector

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/getsentry/sentry-go"
	"github.com/hashicorp/go-cleanhttp"
)

// What can go wrong, one value a meaning.
var (
	// ErrKeyRefused means that the collector returned 404: the key of the DSN is unknown there or inactive.
	ErrKeyRefused = errors.New("the collector rejects the key")
	// ErrUnset means a DSN for localhost:8080 that does not work. GitLab makes such DSNs while its instance setting
	// error_tracking_api_url is not set.
	ErrUnset = errors.New("GitLab does not know its collector")
	// ErrUnreachable means that no response came.
	ErrUnreachable = errors.New("no response from the collector")
	// ErrTLS means that no TLS connection could be made, mostly because of the collector's certificate.
	ErrTLS = errors.New("no TLS connection to the collector")
	// ErrNotCollector means that something other than a collector responded.
	ErrNotCollector = errors.New("the response is not a collector's")
	// ErrFailed means that the collector did not accept a valid event: 400, 413, 429, or 500 and above.
	ErrFailed = errors.New("the collector failed")
	// ErrInterrupted means that the request was given up because its context was cancelled.
	ErrInterrupted = errors.New("interrupted")
)

// Error says why an event was not accepted. Its text says what came back and never has the key of the DSN.
type Error struct {
	// Kind is one of this package's Err values.
	Kind  error
	cause error // see [errortracking.ConnectionKind], nil where a response came
	text  string
}

func (e *Error) Error() string { return e.text }

// Unwrap returns the kind of the error, and where no response came that of [errortracking.ConnectionKind].
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.cause}
}

// Event is what is sent. Empty fields have a default.
type Event struct {
	// Message is the text of the error. The default is [DefaultMessage].
	Message string
	// Environment is the environment that the error is of. The default is [DefaultEnvironment].
	Environment string
}

// The defaults of an [Event].
const (
	DefaultMessage     = "Test event sent by Terraform"
	DefaultEnvironment = "test"
)

// maxBody is how much of a response is read. A collector returns nothing or a line of JSON.
const maxBody = 64 << 10

// Send sends an error to the collector of a DSN with Sentry's SDK, and waits for the response until ctx ends. It sends once
// and follows no redirect. It returns the ID of the event and the status of the response, such as "200 OK". The error is an
// [*Error], or says that the SDK does not accept the DSN.
func Send(ctx context.Context, dsn errortracking.DSN, event Event) (eventID, status string, err error) {
	network := cleanhttp.DefaultTransport()
	network.OnProxyConnectResponse = errortracking.CheckProxy
	x := &exchange{ctx: ctx, network: network}
	client, err := sentry.NewClient(sentry.ClientOptions{
		Dsn:       dsn.String(),
		Transport: sentry.NewHTTPSyncTransport(),
		HTTPClient: &http.Client{
			Transport:     x,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Environment: cmp.Or(event.Environment, DefaultEnvironment),
		// The SDK would send the name of this machine, its Go modules and a version from git.
		ServerName:   "terraform",
		Release:      "terraform-provider-gitlab",
		Integrations: func([]sentry.Integration) []sentry.Integration { return nil },
	})
	if err != nil {
		return "", "", errors.New("the SDK does not accept the DSN")
	}
	defer client.Close()
	started := time.Now()
	// GitLab shows exceptions. Its older collectors accept nothing else, and name their place by the transaction.
	id := client.CaptureEvent(&sentry.Event{
		Level:       sentry.LevelError,
		Transaction: "terraform",
		Exception:   []sentry.Exception{{Type: "TestEvent", Value: cmp.Or(event.Message, DefaultMessage)}},
	}, nil, nil)
	status = errortracking.StatusLine(x.status)
	kind := x.kind()
	if kind == nil {
		return string(*id), status, nil
	}
	if dsn.IsUnset() && !errors.Is(kind, ErrInterrupted) {
		kind = ErrUnset
	}
	text := fmt.Sprintf("the collector at %s returned %s for POST %s", dsn.Collector(), status, x.path)
	detail := x.message(dsn.PublicKey)
	var cause error
	if x.err != nil {
		cause = errortracking.ConnectionKind(x.err)
		text = fmt.Sprintf("the collector at %s did not respond to POST %s", dsn.Collector(), x.path)
		detail = x.err.Error()
	}
	if errors.Is(x.err, context.DeadlineExceeded) {
		detail = "no response in " + time.Since(started).Round(100*time.Millisecond).String()
	}
	if detail != "" {
		text += ": " + detail
	}
	return "", "", &Error{Kind: kind, cause: cause, text: text}
}

// exchange sends the one request of the SDK and keeps what came back, which the SDK does not tell.
type exchange struct {
	ctx     context.Context // the SDK sends without one
	network http.RoundTripper

	path   string // of the request
	err    error  // why there is no response
	status int
	isPage bool
	body   []byte
}

// RoundTrip sends the request.
func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	x.path = req.URL.EscapedPath()
	resp, err := x.network.RoundTrip(req.WithContext(x.ctx))
	if err != nil {
		x.err = err
		return nil, err
	}
	defer resp.Body.Close()
	if x.body, x.err = io.ReadAll(io.LimitReader(resp.Body, maxBody)); x.err != nil {
		return nil, x.err
	}
	x.status, x.body = resp.StatusCode, bytes.TrimSpace(x.body)
	x.isPage = strings.Contains(resp.Header.Get("Content-Type"), "html") || bytes.HasPrefix(x.body, []byte("<"))
	resp.Body = http.NoBody
	return resp, nil
}

// kind says what came of the exchange; nil means that the event was accepted. GitLab's collector returns 200 without a body,
// Sentry's own with JSON.
func (x *exchange) kind() error {
	switch {
	case x.err != nil && errors.Is(x.ctx.Err(), context.Canceled):
		return ErrInterrupted
	case x.err != nil && errors.Is(errortracking.ConnectionKind(x.err), errortracking.ErrTLS):
		return ErrTLS
	case x.err != nil:
		return ErrUnreachable
	case x.status == http.StatusOK && (len(x.body) == 0 || json.Valid(x.body)):
		return nil
	case x.status == http.StatusTooManyRequests || x.status >= 500:
		return ErrFailed
	case x.isPage:
		return ErrNotCollector
	case x.status == http.StatusNotFound && x.said().Error == "404 Not Found":
		// GitLab's API has no such route: it is newer than the DSN.
		return ErrNotCollector
	case x.status == http.StatusNotFound:
		return ErrKeyRefused
	case x.status == http.StatusBadRequest || x.status == http.StatusRequestEntityTooLarge:
		return ErrFailed
	}
	return ErrNotCollector
}

// said reads the body as the JSON of an error, which it need not be.
func (x *exchange) said() (said struct{ Message, Error string }) {
	_ = json.Unmarshal(x.body, &said)
	return said
}

// message returns the collector's own words without the key: those of its JSON, or a text.
func (x *exchange) message(key string) string {
	if x.isPage {
		return ""
	}
	said := x.said()
	return errortracking.Printable(x.status, strings.ReplaceAll(cmp.Or(said.Message, said.Error, string(x.body)), key, "…"))
}
