package errortracking

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/getsentry/sentry-go"
	"github.com/hashicorp/go-cleanhttp"
)

// TestEvent is what is sent to find out whether a DSN works. Empty fields have a default.
type TestEvent struct {
	// Message is the text of the error. The default is [DefaultTestMessage].
	Message string
	// Environment is the environment that the error is of. The default is [DefaultTestEnvironment].
	Environment string
}

// The defaults of a [TestEvent].
const (
	DefaultTestMessage     = "Test event sent by Terraform"
	DefaultTestEnvironment = "test"
)

// maxCollectorBody is how much of a collector's answer is read. A collector answers with nothing or a line of JSON.
const maxCollectorBody = 64 << 10

// SendTestEvent sends an error to the collector as an application does, with Sentry's SDK, and waits for the answer until ctx
// ends. It sends once and follows no redirect. It returns the ID of the event and the status line of the answer.
//
// The error is [ErrKeyRefused], [ErrCollectorUnset], [ErrCollectorUnreachable], [ErrCollectorTLS], [ErrNotCollector],
// [ErrCollectorFailed], or [ErrInterrupted] when ctx was cancelled. It never has the key of the DSN.
func SendTestEvent(ctx context.Context, dsn DSN, event TestEvent) (eventID, statusLine string, err error) {
	network := cleanhttp.DefaultTransport()
	sent := &exchange{ctx: ctx, network: network}
	client, err := sentry.NewClient(sentry.ClientOptions{
		Dsn:       dsn.String(),
		Transport: sentry.NewHTTPSyncTransport(),
		HTTPClient: &http.Client{
			Transport:     sent,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Environment: cmp.Or(event.Environment, DefaultTestEnvironment),
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
	// GitLab shows exceptions. Its older collectors take nothing else, and name their place by the transaction.
	id := client.CaptureEvent(&sentry.Event{
		Level:       sentry.LevelError,
		Transaction: "terraform",
		Exception:   []sentry.Exception{{Type: "TestEvent", Value: cmp.Or(event.Message, DefaultTestMessage)}},
	}, nil, nil)
	if failed := sent.verdict(dsn, time.Since(started)); failed != nil {
		return "", "", failed
	}
	return string(*id), (&Error{Status: sent.answer.status}).StatusLine(), nil
}

// exchange sends the one request of the SDK and keeps what came back, which the SDK does not tell.
type exchange struct {
	ctx     context.Context // the SDK sends without one
	network http.RoundTripper
	answer  *answer
	err     error
}

// RoundTrip implements http.RoundTripper.
func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := x.network.RoundTrip(req.WithContext(x.ctx))
	if err != nil {
		x.err = err
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxCollectorBody))
	if err != nil {
		x.err = err
		return nil, err
	}
	x.answer = &answer{status: resp.StatusCode, header: resp.Header, body: bytes.TrimSpace(body)}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// verdict says what came of the exchange; nil means that the collector took the event.
func (x *exchange) verdict(dsn DSN, elapsed time.Duration) *Error {
	failed := &Error{Collector: true, Host: dsn.Collector(), Method: http.MethodPost, Path: dsn.envelopePath(), Attempts: 1, Elapsed: elapsed, Err: x.err}
	if x.answer != nil {
		failed.Kind = x.answer.kindOfCollector()
		if failed.Kind == nil {
			return nil
		}
		failed.Status, failed.Sent = x.answer.status, true
		failed.Message = strings.ReplaceAll(printable(x.answer.message()), dsn.PublicKey, "…")
	} else {
		failed.Kind = x.kindOfSilence()
		if errors.Is(x.err, context.DeadlineExceeded) {
			failed.Err = errors.New("no answer in " + elapsed.Round(100*time.Millisecond).String())
		}
	}
	if dsn.Host == "localhost" && dsn.Port == 8080 && !errors.Is(failed.Kind, ErrInterrupted) {
		failed.Kind = ErrCollectorUnset
	}
	return failed
}

// kindOfSilence says why there is no answer.
func (x *exchange) kindOfSilence() error {
	var certificate *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(x.ctx.Err(), context.Canceled):
		return ErrInterrupted
	case errors.As(x.err, &certificate), errors.As(x.err, &alert), errors.As(x.err, &record), errors.Is(x.err, http.ErrSchemeMismatch):
		return ErrCollectorTLS
	}
	return ErrCollectorUnreachable
}

// kindOfCollector says what an answer to an envelope means; nil means that the event was taken. GitLab's collector answers 200
// without a body, Sentry's own with JSON.
func (a *answer) kindOfCollector() error {
	c, isJSON := a.complaint()
	isPage := a.isPage() || strings.Contains(a.header.Get("Content-Type"), "html")
	switch status := a.status; {
	case status == http.StatusOK && (len(a.body) == 0 || json.Valid(a.body)):
		return nil
	case status == http.StatusTooManyRequests || status >= 500:
		return ErrCollectorFailed
	case isPage:
		return ErrNotCollector
	case status == http.StatusNotFound && isJSON && c.Error == "404 Not Found":
		// GitLab's API has no such route: it is newer than the DSN.
		return ErrNotCollector
	case status == http.StatusNotFound:
		return ErrKeyRefused
	case status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge:
		return ErrCollectorFailed
	}
	return ErrNotCollector
}
