package errortracking

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// ConnectionKind returns the kind of an error that a [http.Transport] gives in place of a response: [ErrInterrupted] when the
// context was cancelled, else [ErrConnection] or one of the errors that wrap it. It goes by values and types. The text is read
// only where net/http and crypto/tls export none.
func ConnectionKind(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	operation := ""
	if failed, ok := errors.AsType[*net.OpError](err); ok {
		operation = failed.Op
	}
	refusal, _ := errors.AsType[proxyRefusal](err)
	_, isName := errors.AsType[*net.DNSError](err)
	timeout, _ := errors.AsType[net.Error](err)
	_, isNoTLS := errors.AsType[tls.RecordHeaderError](err)
	_, isOtherHost := errors.AsType[x509.HostnameError](err)
	invalid, _ := errors.AsType[x509.CertificateInvalidError](err)
	_, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	switch text := err.Error(); {
	case errors.Is(err, context.Canceled):
		return ErrInterrupted
	case refusal == http.StatusProxyAuthRequired:
		return ErrProxyUnauthorized
	case refusal != 0:
		return ErrProxyRefused
	case operation == "proxyconnect":
		return ErrProxyUnreachable
	case isName:
		return ErrHostNotFound
	case timeout != nil && timeout.Timeout():
		return ErrTimeout
	case operation == "dial":
		return ErrUnreachable
	case isNoTLS || errors.Is(err, http.ErrSchemeMismatch):
		return ErrNoTLS
	case strings.Contains(text, `malformed HTTP response "\x15\x03`): // which is a TLS alert
		return ErrTLSRequired
	case isOtherHost:
		return ErrCertificateOfOtherHost
	case invalid.Reason == x509.Expired:
		return ErrCertificateExpired
	case isCertificate:
		return ErrCertificateNotTrusted
	case isTLSAlert(err) && strings.Contains(text, "certificate"):
		return ErrClientCertificate
	case isTLSAlert(err) || strings.HasPrefix(text, "tls: "):
		return ErrTLS
	}
	return ErrConnection
}

// isTLSAlert reports whether an error is an alert of the server. Over TCP crypto/tls does not return a [tls.AlertError].
func isTLSAlert(err error) bool {
	failed, ok := errors.AsType[*net.OpError](err)
	return ok && failed.Op == "remote error"
}

// isPermanent reports whether a request that failed with err would fail in the same way again.
func isPermanent(err error) bool {
	name, _ := errors.AsType[*net.DNSError](err)
	refusal, _ := errors.AsType[proxyRefusal](err)
	return name != nil && name.IsNotFound || refusal != 0 && refusal < 500 ||
		errors.Is(ConnectionKind(err), ErrTLS)
}

// proxyRefusal is the status with which a proxy refuses to connect to a server.
type proxyRefusal int

func (r proxyRefusal) Error() string { return "the proxy returned " + StatusLine(int(r)) }

// CheckProxy is for [http.Transport.OnProxyConnectResponse]. Without it net/http makes a text of the proxy's status.
func CheckProxy(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return proxyRefusal(resp.StatusCode)
	}
	return nil
}
