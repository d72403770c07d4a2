package errortracking

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptrace"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/go-cleanhttp"
)

// maxBody bounds how much of a response is read, in bytes; a page of 100 keys has about 25 kB. JSON that is cut off there does
// not decode.
const maxBody = 8 << 20

// call is one request with its repetitions, and what is known of the last attempt.
type call struct {
	client         *Client
	method         string
	path           string // escaped and without the query
	started        time.Time
	attempts       int
	wroteRequest   bool    // the attempt may have reached GitLab
	answer         *answer // nil when there was none
	mayHaveApplied bool    // an attempt, not only the last, may have changed something
}

// RoundTrip makes one attempt. It bounds its time and the size of the response, and keeps the response. An attempt that
// changes something is finished when its context is cancelled, so that nothing GitLab makes is lost to an interrupt.
func (c *call) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	ctx := req.Context()
	hasSlot, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(ctx, hasSlot)
	if c.method != http.MethodGet {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, c.client.options.Timeout)
	defer cancel()
	// No byte of the request is sent before GotConn.
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { c.wroteRequest = true }})

	c.attempts++
	c.wroteRequest, c.answer = false, nil
	start := time.Now()
	defer func() {
		c.mayHaveApplied = c.mayHaveApplied || c.wroteRequest && (c.answer == nil || c.answer.status >= 500)
		c.report(ctx, start, err)
	}()
	resp, err = c.client.network.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	_ = resp.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("reading the response: %w", err)
	}
	c.answer = &answer{status: resp.StatusCode, header: resp.Header, body: bytes.TrimSpace(body)}
	resp.Body, resp.ContentLength = http.NoBody, 0
	return resp, nil
}

// newNetwork makes the connection pool: the proxy of the environment, and the TLS settings of the options. A quarter of
// an attempt's timeout without a sign of life from an HTTP/2 connection sends a ping, another quarter closes it, so that
// the next attempt does not use a connection that a NAT or a firewall has forgotten.
func newNetwork(o Options) (http.RoundTripper, error) {
	network := cleanhttp.DefaultPooledTransport()
	// Terraform runs 10 operations at a time by default, and users raise that; each keeps its connection.
	network.MaxIdleConnsPerHost = 100
	network.HTTP2 = &http.HTTP2Config{SendPingTimeout: o.Timeout / 4, PingTimeout: o.Timeout / 4}
	network.OnProxyConnectResponse = CheckProxy
	network.TLSClientConfig = &tls.Config{InsecureSkipVerify: o.Insecure}
	if o.CACertFile != "" {
		pem, err := readPEM("cacert_file", o.CACertFile)
		if err != nil {
			return nil, err
		}
		pool, _ := x509.SystemCertPool()
		pool = cmp.Or(pool, x509.NewCertPool())
		if !pool.AppendCertsFromPEM(pem) {
			return nil, &OptionError{"cacert_file", "the file contains no PEM certificate"}
		}
		network.TLSClientConfig.RootCAs = pool
	}
	if o.ClientCert == "" && o.ClientKey == "" {
		return network, nil
	}
	certificate, certErr := readPEM("client_cert", o.ClientCert)
	key, keyErr := readPEM("client_key", o.ClientKey)
	if err := cmp.Or(certErr, keyErr); err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, &OptionError{"client_cert", "it and client_key are not a certificate and its private key: " + strings.TrimPrefix(err.Error(), "tls: ")}
	}
	network.TLSClientConfig.Certificates = []tls.Certificate{pair}
	return network, nil
}

// readPEM reads the file that an option names. The error says why it cannot be read and repeats nothing of the value,
// which may be a private key that was given in place of a path.
func readPEM(option, path string) ([]byte, error) {
	if path == "" {
		return nil, &OptionError{option, "it is missing; client_cert and client_key go together"}
	}
	if strings.Contains(path, "-----BEGIN") {
		return nil, &OptionError{option, "it holds the contents of a file, but takes the path of one"}
	}
	content, err := os.ReadFile(path)
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, &OptionError{option, "the file it names cannot be read: " + failed.Err.Error()}
	}
	return content, err
}

// pathIDs are the IDs and paths in a path below /api/v4, each after the segment that says what it is.
var pathIDs = regexp.MustCompile(`(^/projects|^/groups|/client_keys)/[^/]+`)

// report hands an attempt that began at start to the option Log.
func (c *call) report(ctx context.Context, start time.Time, failure error) {
	if c.client.options.Log == nil {
		return
	}
	mask := c.client.secrets.Replace
	_, path, _ := strings.Cut(c.path, "/api/v4")
	fields := map[string]any{
		"method":      c.method,
		"path":        mask(pathIDs.ReplaceAllString(path, "$1/:id")),
		"attempt":     c.attempts,
		"status":      0,
		"duration_ms": time.Since(start).Milliseconds(),
	}
	if c.answer != nil {
		fields["status"] = c.answer.status
		if id := c.answer.header.Get("X-Request-Id"); id != "" {
			fields["request_id"] = mask(id)
		}
	}
	if failure != nil {
		fields["failure"] = mask(failure.Error())
	}
	c.client.options.Log(ctx, fields)
}
