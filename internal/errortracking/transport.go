package errortracking

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-cleanhttp"
)

const (
	// maxBody bounds how much of an answer is read, in bytes; a page of 100 keys has about 25 kB.
	maxBody = 8 << 20
	// maxRedirects bounds how many redirects within GitLab are followed.
	maxRedirects = 5
	// minWait and maxWait bound the time before a repetition that GitLab says nothing about.
	minWait, maxWait = 200 * time.Millisecond, 10 * time.Second
	// longestWait is the longest time that GitLab may ask to wait; a longer one ends the request with ErrRateLimited.
	longestWait = 10 * time.Minute
)

// call is one request on its way through client-go, with its repetitions and redirects. It travels in the request's
// context, since client-go hands neither the body of an error nor the number of attempts to its caller.
type call struct {
	started  time.Time
	attempts int     // redirects that were followed are none
	method   string  // of the last attempt
	path     string  // of the last attempt, escaped and without the query
	sent     bool    // the last attempt may have reached GitLab
	answer   *answer // of the last attempt; nil if there was none
}

type callKey struct{}

// answer is what GitLab sent back.
type answer struct {
	method string
	path   string
	status int
	header http.Header
	body   []byte
}

// transport makes each attempt at a request: it bounds its time and the size of the answer, keeps the answer in the
// call, and lets a request that changes something finish when its context is cancelled, so that nothing which GitLab
// makes is lost to an interrupt.
type transport struct {
	next    http.RoundTripper
	timeout time.Duration
	hook    func(context.Context, Attempt)
	secrets *strings.Replacer
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	ctx := req.Context()
	call, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return nil, errors.New("errortracking: a request outside of Client.do")
	}
	if req.Method != http.MethodGet {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	// Before a connection is there, and with it the TLS handshake done, nothing of a request can have been sent.
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { call.sent = true }})

	if req.Response == nil {
		call.attempts++
	}
	call.method, call.path, call.sent, call.answer = req.Method, req.URL.EscapedPath(), false, nil
	start := time.Now()
	defer func() { t.log(ctx, call, start, err) }()
	resp, err = t.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	// What is left of a body that is too long is not wanted, and of another nothing is left.
	_ = resp.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if len(body) > maxBody {
		return nil, errBodyTooLong
	}
	// client-go reads Link, which nobody here wants, and panics on one with a parameter that has no value.
	resp.Header.Del("Link")
	call.answer = &answer{method: call.method, path: call.path, status: resp.StatusCode, header: resp.Header, body: body}
	resp.Body = http.NoBody
	resp.ContentLength = 0
	return resp, nil
}

var errBodyTooLong = fmt.Errorf("the answer is longer than %d MiB", maxBody>>20)

// newNetwork makes the connection pool: the proxy of the environment, and the TLS settings of the options.
func newNetwork(o Options) (http.RoundTripper, error) {
	network := cleanhttp.DefaultPooledTransport()
	// Terraform runs 10 operations at a time by default; each keeps its connection.
	network.MaxIdleConnsPerHost = 100
	network.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.Insecure}
	if o.CACertFile != "" {
		pem, err := os.ReadFile(o.CACertFile)
		if err != nil {
			return nil, &OptionError{Option: "cacert_file", Problem: err.Error()}
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, &OptionError{Option: "cacert_file", Problem: o.CACertFile + " holds no PEM certificate"}
		}
		network.TLSClientConfig.RootCAs = pool
	}
	switch {
	case o.ClientCert == "" && o.ClientKey == "":
	case o.ClientCert == "":
		return nil, &OptionError{Option: "client_cert", Problem: "it is missing, but client_key is set; both are needed"}
	case o.ClientKey == "":
		return nil, &OptionError{Option: "client_key", Problem: "it is missing, but client_cert is set; both are needed"}
	default:
		pair, err := tls.LoadX509KeyPair(o.ClientCert, o.ClientKey)
		if err != nil {
			return nil, &OptionError{Option: "client_cert", Problem: err.Error()}
		}
		network.TLSClientConfig.Certificates = []tls.Certificate{pair}
	}
	return network, nil
}

// followWithin returns a redirect policy: reading requests are followed to base's scheme, host and port, where the
// token belongs. Any other redirect is handed back as the answer.
func followWithin(base *url.URL) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		if via[0].Method != http.MethodGet || origin(req.URL) != origin(base) || len(via) > maxRedirects {
			return http.ErrUseLastResponse
		}
		return nil
	}
}

// origin returns the scheme, host and port of a URL, which are the same however they are written.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = strconv.FormatInt(defaultPorts[u.Scheme], 10)
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// retryPolicy says which requests are repeated, and when.
type retryPolicy struct {
	pause func(time.Duration) time.Duration
}

// check implements retryablehttp.CheckRetry. A request other than POST is repeated after a 429, a 5xx that may pass (501
// does not), or a broken connection; a POST only after a 429 or when it cannot have been sent, because GitLab is known
// to make a key and then answer 500.
func (retryPolicy) check(ctx context.Context, resp *http.Response, err error) (bool, error) {
	select {
	case <-ctx.Done():
		return false, nil
	default:
	}
	call, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return false, err
	}
	repeatable := call.method != http.MethodPost
	if err != nil {
		// An error that comes with an answer is a redirect that leads nowhere.
		return call.answer == nil && !isPermanent(err) && (repeatable || !call.sent), nil
	}
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests:
	case status >= 500 && status != http.StatusNotImplemented && repeatable:
	default:
		return false, nil
	}
	return requestedWait(resp, time.Now()) <= longestWait, nil
}

// backoff implements retryablehttp.Backoff: the time that GitLab asks for, else one that doubles with each attempt, half
// of it random so that many clients do not come back together.
func (p retryPolicy) backoff(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
	wait := min(minWait<<min(attempt, 10), maxWait)
	wait = wait/2 + rand.N(wait/2)
	if resp != nil {
		if asked := requestedWait(resp, time.Now()); asked > 0 {
			wait = asked + rand.N(minWait)
		}
	}
	if p.pause != nil {
		return p.pause(wait)
	}
	return wait
}

// requestedWait returns how long an answer asks to wait, or 0: Retry-After in seconds or as a date, else, where the rate
// limit is what the answer is about, RateLimit-Reset in seconds since 1970. These are the forms that GitLab and the
// proxies in front of it use.
func requestedWait(resp *http.Response, now time.Time) time.Duration {
	if after := resp.Header.Get("Retry-After"); after != "" {
		seconds, err := strconv.ParseUint(after, 10, 31)
		if err == nil || errors.Is(err, strconv.ErrRange) {
			return time.Duration(seconds) * time.Second
		}
		if date, err := http.ParseTime(after); err == nil {
			return max(0, date.Sub(now))
		}
	}
	if resp.StatusCode != http.StatusTooManyRequests {
		return 0
	}
	if reset, err := strconv.ParseInt(resp.Header.Get("RateLimit-Reset"), 10, 64); err == nil {
		return max(0, time.Unix(reset, 0).Sub(now))
	}
	return 0
}

// isPermanent reports whether a repetition would fail in the same way.
func isPermanent(err error) bool {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	return errors.Is(err, errBodyTooLong) || errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &certificate) ||
		errors.As(err, &dns) && dns.IsNotFound
}
