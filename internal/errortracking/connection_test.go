package errortracking_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
)

// listen serves each connection on a port of its own with serve, which need not close it.
func listen(t *testing.T, serve func(*net.TCPConn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			go func() {
				if tcp, ok := conn.(*net.TCPConn); ok {
					serve(tcp)
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// sending returns what reads some of a request, sends bytes and closes the connection.
func sending(sent string) func(*net.TCPConn) {
	return func(conn *net.TCPConn) {
		_, _ = conn.Read(make([]byte, 1<<12))
		_, _ = io.WriteString(conn, sent)
		_ = conn.Close()
	}
}

// alert is a fatal alert of TLS 1.2.
func alert(number byte) string { return string([]byte{21, 3, 3, 0, 2, 2, number}) }

// refusingAddress returns an address at which connections are refused until the test ends.
func refusingAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	// While this connection lives, nobody else can listen on the port of its near end.
	held, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = held.Close() })
	return held.LocalAddr().String()
}

// startTLS serves with a TLS configuration and returns the host and port.
func startTLS(t *testing.T, config *tls.Config) (address string) {
	t.Helper()
	server := newWireServer(t, answering(http.StatusOK, `{"id":1}`))
	server.TLS = config
	server.StartTLS()
	return server.Listener.Addr().String()
}

// newCertificate makes a certificate that signs itself, for 127.0.0.1 unless it is for a name, and for any use unless for some.
func newCertificate(t *testing.T, name string, notAfter time.Time, uses ...x509.ExtKeyUsage) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: notAfter, ExtKeyUsage: uses, IsCA: true, BasicConstraintsValid: true,
	}
	if name != "" {
		template.DNSNames = []string{name}
	} else {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// serverWith serves with a certificate. The client trusts it.
func serverWith(t *testing.T, certificate tls.Certificate, o *errortracking.Options) (address string) {
	t.Helper()
	o.CACertFile, _ = certificateFiles(t, certificate)
	return startTLS(t, &tls.Config{Certificates: []tls.Certificate{certificate}})
}

// startProxy starts a proxy that gives one answer to everything.
func startProxy(t *testing.T, status int) *url.URL {
	t.Helper()
	return mustParseURL(t, startServer(t, answering(status, "")).URL)
}

func mustParseURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// nameServer answers each question with a code: 2 for a failure of its own, 3 for a name that does not exist.
func nameServer(t *testing.T, code byte) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		message := make([]byte, 1<<12)
		for {
			n, from, err := server.ReadFrom(message)
			if err != nil {
				return
			}
			message[2], message[3] = 0x81, 0x80|code
			_, _ = server.WriteTo(message[:n], from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// Each way in which no response comes is provoked. It is repeated once if that could help.
func TestConnectionKind(t *testing.T) {
	t.Parallel()
	const once, repeated = 1, 2
	type options = errortracking.Options
	insecure := func(o *options) { o.Insecure = true }
	later := time.Now().Add(24 * time.Hour)
	// A ServerHello that selects TLS 1.0.
	oldHello := "\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01" + strings.Repeat("r", 32) + "\x00\x00\x2f\x00"
	for name, test := range map[string]struct {
		start    func(*testing.T, *options) (baseURL string)
		proxy    func(*testing.T) *url.URL
		names    func(*testing.T) *net.Resolver
		want     error
		attempts int
	}{
		"name not found": {
			start: func(*testing.T, *options) string { return "https://gitlab.invalid" },
			names: func(t *testing.T) *net.Resolver { t.Helper(); return nameServer(t, 3) },
			want:  errortracking.ErrHostNotFound, attempts: once,
		},
		"name server fails": {
			start: func(*testing.T, *options) string { return "https://gitlab.invalid" },
			names: func(t *testing.T) *net.Resolver { t.Helper(); return nameServer(t, 2) },
			want:  errortracking.ErrHostNotFound, attempts: repeated,
		},
		"refused": {
			start: func(t *testing.T, _ *options) string { t.Helper(); return "http://" + refusingAddress(t) },
			want:  errortracking.ErrUnreachable, attempts: repeated,
		},
		"silent": {
			start: func(t *testing.T, o *options) string {
				t.Helper()
				o.Timeout = 50 * time.Millisecond
				return "http://" + listen(t, func(*net.TCPConn) {})
			},
			want: errortracking.ErrTimeout, attempts: repeated,
		},
		"silent before TLS": {
			start: func(t *testing.T, o *options) string {
				t.Helper()
				o.Timeout = 50 * time.Millisecond
				return "https://" + listen(t, func(*net.TCPConn) {})
			},
			want: errortracking.ErrTimeout, attempts: repeated,
		},
		"reset": {
			start: func(t *testing.T, _ *options) string {
				t.Helper()
				return "http://" + listen(t, func(conn *net.TCPConn) {
					_, _ = conn.Read(make([]byte, 1))
					_ = conn.SetLinger(0)
					_ = conn.Close()
				})
			},
			want: errortracking.ErrConnection, attempts: repeated,
		},
		"closed before TLS": {
			start: func(t *testing.T, _ *options) string { t.Helper(); return "https://" + listen(t, sending("")) },
			want:  errortracking.ErrConnection, attempts: repeated,
		},
		"closed within the body": {
			start: func(t *testing.T, _ *options) string {
				t.Helper()
				return "http://" + listen(t, sending("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"))
			},
			want: errortracking.ErrConnection, attempts: repeated,
		},
		"proxy refuses connections": {
			start: func(*testing.T, *options) string { return "https://gitlab.example.com" },
			proxy: func(t *testing.T) *url.URL { t.Helper(); return mustParseURL(t, "http://"+refusingAddress(t)) },
			want:  errortracking.ErrProxyUnreachable, attempts: repeated,
		},
		"proxy wants a password for HTTPS": {
			start: func(*testing.T, *options) string { return "https://gitlab.example.com" },
			proxy: func(t *testing.T) *url.URL { t.Helper(); return startProxy(t, http.StatusProxyAuthRequired) },
			want:  errortracking.ErrProxyUnauthorized, attempts: once,
		},
		"proxy wants a password for HTTP": {
			start: func(*testing.T, *options) string { return "http://gitlab.example.com" },
			proxy: func(t *testing.T) *url.URL { t.Helper(); return startProxy(t, http.StatusProxyAuthRequired) },
			want:  errortracking.ErrProxyUnauthorized, attempts: once,
		},
		"proxy forbids the host": {
			start: func(*testing.T, *options) string { return "https://gitlab.example.com" },
			proxy: func(t *testing.T) *url.URL { t.Helper(); return startProxy(t, http.StatusForbidden) },
			want:  errortracking.ErrProxyRefused, attempts: once,
		},
		"proxy cannot reach the host": {
			start: func(*testing.T, *options) string { return "https://gitlab.example.com" },
			proxy: func(t *testing.T) *url.URL { t.Helper(); return startProxy(t, http.StatusBadGateway) },
			want:  errortracking.ErrProxyRefused, attempts: repeated,
		},
		"HTTP server for HTTPS": {
			start: func(t *testing.T, _ *options) string {
				t.Helper()
				return strings.Replace(startServer(t, answering(http.StatusOK, `{"id":1}`)).URL, "http:", "https:", 1)
			},
			want: errortracking.ErrNoTLS, attempts: once,
		},
		"SSH server for HTTPS": {
			start: func(t *testing.T, _ *options) string {
				t.Helper()
				return "https://" + listen(t, sending("SSH-2.0-OpenSSH_9.9\r\n"))
			},
			want: errortracking.ErrNoTLS, attempts: once,
		},
		"HTTPS server of Go for HTTP": {
			start: func(t *testing.T, _ *options) string { t.Helper(); return "http://" + startTLS(t, nil) },
			want:  errortracking.ErrTLSRequired, attempts: once,
		},
		"HTTPS server of nginx for HTTP": {
			start: func(t *testing.T, _ *options) string {
				t.Helper()
				return startServer(t, answering(http.StatusBadRequest, "<html><center>The plain HTTP request was sent to HTTPS port</center></html>")).URL
			},
			want: errortracking.ErrTLSRequired, attempts: once,
		},
		"HTTPS server of nginx behind another HTTPS server": {
			start: func(t *testing.T, o *options) string {
				t.Helper()
				insecure(o)
				server := newWireServer(t, answering(http.StatusBadRequest, "<html><center>The plain HTTP request was sent to HTTPS port</center></html>"))
				server.StartTLS()
				return server.URL
			},
			want: errortracking.ErrNotJSON, attempts: once,
		},
		"HTTPS server of OpenSSL for HTTP": {
			start: func(t *testing.T, _ *options) string { t.Helper(); return "http://" + listen(t, sending(alert(70))) },
			want:  errortracking.ErrTLSRequired, attempts: once,
		},
		"certificate of an unknown authority": {
			start: func(t *testing.T, _ *options) string {
				t.Helper()
				return "https://" + startTLS(t, &tls.Config{Certificates: []tls.Certificate{newCertificate(t, "", later)}})
			},
			want: errortracking.ErrCertificateNotTrusted, attempts: once,
		},
		"expired certificate": {
			start: func(t *testing.T, o *options) string {
				t.Helper()
				return "https://" + serverWith(t, newCertificate(t, "", time.Unix(1, 0)), o)
			},
			want: errortracking.ErrCertificateExpired, attempts: once,
		},
		"certificate of a client": {
			start: func(t *testing.T, o *options) string {
				t.Helper()
				return "https://" + serverWith(t, newCertificate(t, "", later, x509.ExtKeyUsageClientAuth), o)
			},
			want: errortracking.ErrCertificateNotTrusted, attempts: once,
		},
		"certificate for another host": {
			start: func(t *testing.T, o *options) string {
				t.Helper()
				return "https://" + serverWith(t, newCertificate(t, "gitlab.example.com", later), o)
			},
			want: errortracking.ErrCertificateOfOtherHost, attempts: once,
		},
		"client certificate missing, TLS 1.3": {
			start: func(t *testing.T, o *options) string {
				t.Helper()
				insecure(o)
				return "https://" + startTLS(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert})
			},
			want: errortracking.ErrClientCertificate, attempts: once,
		},
		"client certificate missing, TLS 1.2": {
			start: func(t *testing.T, o *options) string {
				t.Helper()
				insecure(o)
				return "https://" + startTLS(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12})
			},
			want: errortracking.ErrTLS, attempts: once, // It is refused without a reason.
		},
		"client certificate missing, nginx": {
			start: func(t *testing.T, _ *options) string {
				t.Helper()
				return startServer(t, answering(http.StatusBadRequest, "<html><center>No required SSL certificate was sent</center></html>")).URL
			},
			want: errortracking.ErrClientCertificate, attempts: once,
		},
		"client certificate refused": {
			start: func(t *testing.T, o *options) string {
				t.Helper()
				insecure(o)
				o.ClientCert, o.ClientKey = certificateFiles(t, newCertificate(t, "", later))
				return "https://" + startTLS(t, &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert})
			},
			want: errortracking.ErrClientCertificate, attempts: once,
		},
		"old TLS server": {
			start: func(t *testing.T, o *options) string {
				t.Helper()
				insecure(o)
				return "https://" + startTLS(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
			},
			want: errortracking.ErrTLS, attempts: once,
		},
		"old TLS server that does not refuse": {
			start: func(t *testing.T, _ *options) string { t.Helper(); return "https://" + listen(t, sending(oldHello)) },
			want:  errortracking.ErrTLS, attempts: once,
		},
		"no common cipher": {
			start: func(t *testing.T, o *options) string {
				t.Helper()
				insecure(o)
				return "https://" + startTLS(t, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}})
			},
			want: errortracking.ErrTLS, attempts: once,
		},
		"internal error of a TLS server": {
			start: func(t *testing.T, _ *options) string { t.Helper(); return "https://" + listen(t, sending(alert(80))) },
			want:  errortracking.ErrTLS, attempts: once,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var baseURL string
			client := newClient(t, "", retries(1), func(o *options) {
				baseURL = test.start(t, o)
				o.BaseURL = baseURL
			})
			client.Transport().Proxy = nil
			if test.proxy != nil {
				client.Transport().Proxy = http.ProxyURL(test.proxy(t))
			}
			if test.names != nil {
				client.Transport().DialContext = (&net.Dialer{Resolver: test.names(t)}).DialContext
			}
			failed := wantError(t, client.CheckToken(t.Context()), test.want)
			if failed.Attempts != test.attempts {
				t.Errorf("%d attempts, want %d: %v", failed.Attempts, test.attempts, &failed)
			}
		})
	}
}

// The proxy is that of the environment, which a process reads once. No error repeats its password.
func TestProxyFromEnvironment(t *testing.T) {
	t.Parallel()

	const own = "TEST_PROXY_ENVIRONMENT"
	kinds := map[string]error{
		"refused":  errortracking.ErrProxyUnreachable,
		"password": errortracking.ErrProxyUnauthorized,
	}
	if name := os.Getenv(own); name != "" {
		failed := wantError(t, newClient(t, "http://gitlab.example.com", retries(1)).CheckToken(t.Context()), kinds[name])
		if strings.Contains(failed.Error(), "hunter2") {
			t.Errorf("the error gives the password away: %v", &failed)
		}
		return
	}
	for name, host := range map[string]string{
		"refused":  refusingAddress(t),
		"password": startProxy(t, http.StatusProxyAuthRequired).Host,
	} {
		child := exec.Command(os.Args[0], "-test.run=^TestProxyFromEnvironment$")
		child.Env = append(os.Environ(), own+"="+name, "HTTP_PROXY=http://user:hunter2@"+host, "NO_PROXY=", "no_proxy=")
		if output, err := child.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, output)
		}
	}
}

// A run that is stopped while a connection is made was stopped; the host is not unreachable.
func TestConnectionKind_stoppedInDial(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:1")
	if kind := errortracking.ConnectionKind(err); kind != errortracking.ErrInterrupted { //nolint:errorlint // the kind itself
		t.Errorf("the kind of %v is %v", err, kind)
	}
}
