package errortracking_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// TestEndlessAnswer shows that an answer is read to a bound, which bounds the memory it takes.
func TestEndlessAnswer(t *testing.T) {
	t.Parallel()

	for status, kind := range map[int]error{http.StatusOK: errortracking.ErrMalformed, http.StatusNotFound: errortracking.ErrNotJSON} {
		var written atomic.Int64
		var answers sync.WaitGroup
		server := startServer(t, func(w http.ResponseWriter, _ *http.Request) {
			answers.Add(1)
			defer answers.Done()
			w.WriteHeader(status)
			chunk := strings.Repeat(" ", 1<<16)
			for {
				n, err := io.WriteString(w, chunk)
				written.Add(int64(n))
				if err != nil {
					return
				}
			}
		})
		failed := wantError(t, newClient(t, server.URL).CheckToken(t.Context()), kind)
		answers.Wait()
		if got := written.Load(); got > 64<<20 {
			t.Errorf("%d bytes were taken", got)
		}
		if failed.Attempts != 1 || failed.Status != status {
			t.Errorf("got %v after %d attempts, want one and the status %d", failed, failed.Attempts, status)
		}
	}
}

// TestLongAnswer shows that an answer below the bound is read whole.
func TestLongAnswer(t *testing.T) {
	t.Parallel()

	server := startServer(t, answering(http.StatusOK, `{"id":1}`+strings.Repeat(" ", 8<<20-8)))
	if err := newClient(t, server.URL).CheckToken(t.Context()); err != nil {
		t.Error(err)
	}
}

// certificateFiles writes a certificate and its key to PEM files.
func certificateFiles(t *testing.T, pair tls.Certificate) (cert, key string) {
	t.Helper()
	secret, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", pair.Certificate[0]), write("key.pem", "PRIVATE KEY", secret)
}

func TestTLS(t *testing.T) {
	t.Parallel()

	certificates := make(chan int, 3)
	server := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
		certificates <- len(r.TLS.PeerCertificates)
		answering(http.StatusOK, `{"id":1}`)(w, r)
	})
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	cert, key := certificateFiles(t, server.TLS.Certificates[0])

	var paused waits
	err := newClient(t, server.URL, paused.recorded).CheckToken(t.Context())
	failed := wantError(t, err, errortracking.ErrCertificateNotTrusted)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok || failed.Attempts != 1 || len(paused.all()) != 0 {
		t.Errorf("got %v after %d attempts, want a refused certificate after one", err, failed.Attempts)
	}
	for _, tt := range []struct {
		change func(*errortracking.Options)
		want   int
	}{
		{func(o *errortracking.Options) { o.Insecure = true }, 0},
		{func(o *errortracking.Options) { o.CACertFile = cert }, 0},
		{func(o *errortracking.Options) { o.CACertFile, o.ClientCert, o.ClientKey = cert, cert, key }, 1},
	} {
		if err := newClient(t, server.URL, tt.change).CheckToken(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := <-certificates; got != tt.want {
			t.Errorf("the client showed %d certificates, want %d", got, tt.want)
		}
	}
	if got := len(certificates); got != 0 {
		t.Errorf("%d more requests came, want none over a refused certificate", got)
	}
}

// No redirect is followed, wherever it leads: the token and the custom headers stay with the base URL.
func TestRedirects(t *testing.T) {
	t.Parallel()

	calls := map[string]func(context.Context, *errortracking.Client) error{
		"GET": readSettings, "PUT": putSettings, "PATCH": patchSettings, "POST": createKey, "DELETE": deleteKey,
	}
	other := startServer(t, answering(http.StatusOK, `{"id":1}`))
	for name, target := range map[string]string{
		"path": "/there/", "other server": other.URL + "/there/", "no HTTP": "ftp://127.0.0.1/there/", "loop": "/api/v4/projects/1/error_tracking/settings",
	} {
		for method, call := range calls {
			for _, status := range []int{301, 302, 303, 307, 308} {
				server := startServer(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Location", target)
					w.WriteHeader(status)
				})
				failed := wantError(t, call(t.Context(), newClient(t, server.URL)), errortracking.ErrRedirected)
				if failed.Location != target || failed.Status != status || failed.Sent || failed.Attempts != 1 || len(server.seen()) != 1 {
					t.Errorf("%s, %s, %d: got %+v after %d requests, want one", name, method, status, failed, len(server.seen()))
				}
			}
		}
	}
	if seen := other.seen(); len(seen) != 0 {
		t.Errorf("the other server got %+v", seen)
	}
}

// TestRedirectToHTTPSIsNoMove shows that a base URL with http:// where https:// is right is distinguished from a moved project.
func TestRedirectToHTTPSIsNoMove(t *testing.T) {
	t.Parallel()

	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+r.Host+r.RequestURI, http.StatusMovedPermanently)
	})
	failed := wantError(t, readSettings(t.Context(), newClient(t, server.URL)), errortracking.ErrRedirected)
	if want := strings.Replace(server.URL, "http:", "https:", 1) + "/api/v4/projects/1/error_tracking/settings"; failed.Location != want {
		t.Errorf("got the location %s, want %s", failed.Location, want)
	}
}

// TestCancelledRead cancels a GET that is under way.
func TestCancelledRead(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := startServer(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	failed := wantError(t, readSettings(ctx, newClient(t, server.URL)), errortracking.ErrInterrupted)
	if !errors.Is(&failed, context.Canceled) || failed.Attempts != 1 {
		t.Errorf("got %v after %d attempts, want a cancellation after one", failed, failed.Attempts)
	}
}

// TestCancelledCreation cancels a POST that is under way, which ends as if nothing had happened.
func TestCancelledCreation(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		answering(http.StatusCreated, `{"id":7,"active":true,"public_key":"glet_7","sentry_dsn":"https://glet_7@x/1"}`)(w, r)
	})
	client := newClient(t, server.URL)
	key, err := client.PostClientKey(ctx, project)
	want := errortracking.ClientKey{ID: 7, Active: true, PublicKey: "glet_7", DSN: "https://glet_7@x/1"}
	if err != nil || key != want || ctx.Err() == nil {
		t.Errorf("got %+v and error %v, want %+v", key, err, want)
	}

	_, err = client.PostClientKey(ctx, project)
	failed := wantError(t, err, errortracking.ErrInterrupted)
	if failed.Sent || failed.Attempts != 0 || !errors.Is(err, context.Canceled) || len(server.seen()) != 1 {
		t.Errorf("got %+v after %d requests, want that a cancelled POST does not begin", failed, len(server.seen()))
	}
}

// TestTimeout shows that one attempt has its own time and that another follows.
func TestTimeout(t *testing.T) {
	t.Parallel()

	var asked atomic.Int64
	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			<-r.Context().Done()
			return
		}
		answering(http.StatusOK, `{"id":1}`)(w, r)
	})
	client := newClient(t, server.URL, func(o *errortracking.Options) { o.Timeout = 500 * time.Millisecond })
	if err := client.CheckToken(t.Context()); err != nil {
		t.Error(err)
	}
	if got := asked.Load(); got < 2 {
		t.Errorf("got %d requests, want another after the one without an answer", got)
	}
}

// Many requests at once keep their connections for the next ones.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()

	const parallel = 20
	var arrived sync.WaitGroup
	var opened atomic.Int64
	server := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
		arrived.Done()
		arrived.Wait()
		answering(http.StatusOK, `{"id":1}`)(w, r)
	})
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	client := newClient(t, server.URL)
	for range 3 {
		arrived.Add(parallel)
		var work sync.WaitGroup
		for range parallel {
			work.Go(func() {
				// A connection is free again when its response has been read.
				if err := client.CheckToken(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		work.Wait()
	}
	if got := opened.Load(); got != parallel {
		t.Errorf("%d connections were opened for %d requests at once", got, parallel)
	}
}

// relay passes TCP connections on to a server. When told, the first one is forgotten, as a NAT forgets one: it stays open
// and nothing comes through.
type relay struct {
	net.Listener
	forgotten   atomic.Bool
	connections atomic.Int64
}

func startRelay(t *testing.T, target string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: listener}
	var open sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		open.Wait()
	})
	pass := func(from, to net.Conn, first bool) {
		defer func() { _ = to.Close() }()
		chunk := make([]byte, 1<<14)
		for {
			n, err := from.Read(chunk)
			if err != nil {
				return
			}
			if first && r.forgotten.Load() {
				continue
			}
			if _, err := to.Write(chunk[:n]); err != nil {
				return
			}
		}
	}
	open.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", target)
			if err != nil {
				_ = near.Close()
				return
			}
			context.AfterFunc(ctx, func() {
				_ = near.Close()
				_ = far.Close()
			})
			first := r.connections.Add(1) == 1
			open.Go(func() { pass(near, far, first) })
			open.Go(func() { pass(far, near, first) })
		}
	})
	return r
}

// A dead HTTP/2 connection is noticed within an attempt, and the next attempt has a new one.
func TestDeadConnection(t *testing.T) {
	t.Parallel()
	const timeout = 2 * time.Second
	server := newWireServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("the request came over %s", r.Proto)
		}
		answering(http.StatusOK, `{"id":1}`)(w, r)
	})
	server.EnableHTTP2 = true
	server.StartTLS()
	between := startRelay(t, server.Listener.Addr().String())
	var mu sync.Mutex
	var attempts []map[string]any
	client := newClient(t, "https://"+between.Addr().String(), retries(1), func(o *errortracking.Options) {
		o.Insecure, o.Timeout = true, timeout
		o.Log = func(_ context.Context, attempt map[string]any) {
			mu.Lock()
			defer mu.Unlock()
			attempts = append(attempts, attempt)
		}
	})
	for range 3 {
		if err := client.CheckToken(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	between.forgotten.Store(true)
	if err := client.CheckToken(t.Context()); err != nil {
		t.Errorf("after the connection died: %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(attempts) != 5 {
		t.Fatalf("the attempts were %v, want five", attempts)
	}
	elapsed, ok := attempts[3]["duration_ms"].(int64)
	if !ok || attempts[3]["failure"] == nil || elapsed >= timeout.Milliseconds() || attempts[4]["status"] != http.StatusOK {
		t.Errorf("the attempts were %v, want that the fourth fails before its time is up", attempts)
	}
	if got := between.connections.Load(); got != 2 {
		t.Errorf("%d connections, want a new one after the first", got)
	}
}

// The Location of an answer is shown for redirects alone.
func TestLocationOfSuccess(t *testing.T) {
	t.Parallel()
	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/there")
		answering(http.StatusCreated, `{}`)(w, r)
	})
	if failed := wantError(t, createKey(t.Context(), newClient(t, server.URL)), errortracking.ErrMalformed); failed.Location != "" {
		t.Errorf("got the location %q", failed.Location)
	}
}

// Who waits for a reading that others share hears of an interrupt as everybody else does.
func TestCancelledSharedRead(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]request{
		"project": findProject,
		"client key": func(ctx context.Context, c *errortracking.Client) error {
			_, err := c.ClientKey(ctx, project, 1)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			server := startServer(t, func(_ http.ResponseWriter, r *http.Request) {
				cancel()
				<-r.Context().Done()
			})
			if err := read(ctx, newClient(t, server.URL)); !errors.Is(err, context.Canceled) {
				t.Errorf("got error %v, want %v", err, context.Canceled)
			} else {
				wantError(t, err, errortracking.ErrInterrupted)
			}
		})
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	server := startGitLab(t, gitlabsim.Scenario{Faults: []gitlabsim.Fault{
		// On a connection that was used before, net/http would repeat the request by itself.
		{Method: http.MethodGet, Path: "/projects/acme%2Fweb", Drop: true, Times: 1},
		{Method: http.MethodGet, Path: "/*/settings", Status: 503, Headers: map[string]string{"X-Request-Id": "01JXYZ"}, Times: 1},
	}})
	var mu sync.Mutex
	var attempts []map[string]any
	client := newClient(t, server.URL(), func(o *errortracking.Options) {
		o.Log = func(_ context.Context, attempt map[string]any) {
			mu.Lock()
			defer mu.Unlock()
			attempts = append(attempts, attempt)
		}
	})
	found, err := client.ResolveProject(t.Context(), "acme/web")
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Settings(t.Context(), found.ID)
	wantError(t, err, errortracking.ErrSettingsNotFound)
	if err := client.DeleteClientKey(t.Context(), found.ID, 99); err != nil {
		t.Error(err)
	}

	_, err = client.GroupProjects(t.Context(), "acme/secret", true)
	wantError(t, err, errortracking.ErrGroupNotFound)

	for i, attempt := range attempts {
		if failure, ok := attempt["failure"].(string); ok && failure != "" && !strings.Contains(failure, token) {
			attempt["failure"] = "failed"
		}
		if _, ok := attempt["duration_ms"].(int64); !ok {
			t.Errorf("attempt %d has the duration %v", i, attempt["duration_ms"])
		}
		delete(attempt, "duration_ms")
	}
	const settings = "/projects/:id/error_tracking/settings"
	want := []map[string]any{
		{"method": "GET", "path": "/projects/:id", "attempt": 1, "status": 0, "failure": "failed"},
		{"method": "GET", "path": "/projects/:id", "attempt": 2, "status": 200},
		{"method": "GET", "path": settings, "attempt": 1, "status": 503, "request_id": "01JXYZ"},
		{"method": "GET", "path": settings, "attempt": 2, "status": 404},
		{"method": "DELETE", "path": "/projects/:id/error_tracking/client_keys/:id", "attempt": 1, "status": 404},
		{"method": "GET", "path": "/groups/:id/projects", "attempt": 1, "status": 404},
	}
	if !reflect.DeepEqual(attempts, want) {
		t.Errorf("got\n%v\nwant\n%v", attempts, want)
	}
}
