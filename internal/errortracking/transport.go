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
	// maxBody bounds how much of a response is read, in bytes; a page of 100 keys has about 25 kB.
	maxBody = 8 << 20
	// maxRedirects bounds how many redirects within GitLab are followed.
	maxRedirects = 5
)

// call is one request with its repetitions and redirects, and what is known of the last attempt.
type call struct {
	client         *Client
	method         string
	path           string // escaped and without the query
	started        time.Time
	attempts       int     // followed redirects do not count
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

	if req.Response == nil {
		c.attempts++
	}
	c.path, c.wroteRequest, c.answer = req.URL.EscapedPath(), false, nil
	start := time.Now()
	defer func() {
		c.mayHaveApplied = c.mayHaveApplied || c.wroteRequest && (c.answer == nil || c.answer.status >= 500)
		c.report(ctx, start, err)
	}()
	resp, err = c.client.network.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	_ = resp.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("reading the response: %w", err)
	}
	if len(body) > maxBody {
		return nil, errBodyTooLong
	}
	c.answer = &answer{status: resp.StatusCode, header: resp.Header, body: bytes.TrimSpace(body)}
	resp.Body, resp.ContentLength = http.NoBody, 0
	return resp, nil
}

var errBodyTooLong = fmt.Errorf("the response is longer than %d MiB", maxBody>>20)

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
		option, cause := "client_cert", strings.TrimPrefix(err.Error(), "tls: ")
		if strings.Contains(cause, "private key") || strings.Contains(cause, "key input") {
			option = "client_key"
		}
		return nil, &OptionError{option, "client_cert and client_key are not a certificate and its private key: " + cause}
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

// checkRedirect follows reading requests to the base URL's scheme, host and port, where the token belongs. Any other redirect
// is handed back as the response.
func (c *call) checkRedirect(req *http.Request, via []*http.Request) error {
	if c.method != http.MethodGet || origin(req.URL) != origin(c.client.base) || len(via) > maxRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}

// origin returns the scheme, host and port of a URL, which are the same however they are written.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = strconv.FormatInt(defaultPorts[u.Scheme], 10)
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
