// Package gitlabsim is a fake GitLab for tests and demonstrations: one process, no database, listening on 127.0.0.1.
//
// It answers the error tracking API of GitLab, the other calls that its client needs (projects, groups, the user and the
// version) and the collector that DSNs point to. Statuses, JSON keys and message texts are those of GitLab, for every
// client: parameters and tokens come in all ways that GitLab takes them, since people test modules against it with curl. A
// [Scenario] says what exists at the start and which requests go wrong. The methods of [Server] look at the state and
// change it behind the client's back while it runs. Requests below /-/ call them, for people and scripts:
//
//	server, err := gitlabsim.Start(gitlabsim.Scenario{
//		Tokens:   []gitlabsim.Token{{Token: "maintainer-token", Roles: map[string]string{"1": "maintainer"}}},
//		Projects: []gitlabsim.Project{{ID: 1, Path: "acme/web"}},
//	}, gitlabsim.Options{})
//	defer server.Close()
//	// GET server.URL() + "/api/v4/projects/acme%2Fweb/error_tracking/settings"
//
// The package uses the standard library alone and shares nothing with any client, so that a wrong path or a wrong JSON
// name in a client fails its tests.
package gitlabsim

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// apiPrefix stands before every API path.
const apiPrefix = "/api/v4"

// maxBody is the largest request body that is read, in bytes.
const maxBody = 10 << 20

// Options says how a server listens and what it reports.
type Options struct {
	// Addr is the TCP address to listen on. Empty means a free port of 127.0.0.1.
	Addr string
	// Latency is waited before each request is worked on.
	Latency time.Duration
	// Log receives one line of JSON for each request that is not below /-/, in order of completion. Nil means no log.
	Log io.Writer
	// TLS makes the server speak HTTPS with this configuration. Nil means plain HTTP.
	TLS *tls.Config
}

// Request is one request that was answered, cut off or left without an answer.
type Request struct {
	Method string `json:"method"`
	// Path is the path as it came over the wire, with its escapes.
	Path string `json:"path"`
	// Query is the raw query without the question mark.
	Query string `json:"query"`
	// Status is the HTTP status of the answer, 0 when there was none.
	Status int `json:"status"`
	// Header is the header of the request.
	Header http.Header `json:"-"`
}

// Server is a running simulator. All its methods may be called at any time and from several goroutines.
type Server struct {
	url     string
	latency time.Duration
	http    *http.Server

	closing chan struct{}
	close   sync.Once
	working sync.WaitGroup

	mu       sync.Mutex // guards everything below
	closed   bool
	log      io.Writer
	requests []Request
	faults   []*Fault
	instance instance
}

// Start checks the scenario and serves it until Close. It fails when the scenario holds a bad value, with an error that
// names field and value as ReadScenario does, and when the address cannot be listened on.
func Start(s Scenario, o Options) (*Server, error) {
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	addr := o.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	scheme := "http"
	address := listener.Addr().String()
	if o.TLS != nil {
		scheme = "https"
		listener = tls.NewListener(listener, o.TLS)
	}
	server := &Server{
		url:     scheme + "://" + address,
		latency: o.Latency,
		closing: make(chan struct{}),
		log:     o.Log,
	}
	server.instance = newInstance(s, server.url)
	for _, fault := range s.Faults {
		server.faults = append(server.faults, &fault)
	}
	server.http = &http.Server{
		Handler:           http.HandlerFunc(server.serve),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() { _ = server.http.Serve(listener) }()
	return server, nil
}

// URL returns the scheme, host and port the server listens on, without a trailing slash.
func (s *Server) URL() string { return s.url }

// Close stops listening, cuts running latencies short, waits until every request in flight has been worked on and closes
// all connections. Further calls do nothing.
func (s *Server) Close() {
	s.close.Do(func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		close(s.closing)
		s.working.Wait()
		// Shutdown lets written answers reach their clients. It would wait for seconds on a connection that was opened
		// and never used, so it gets a moment only.
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		if s.http.Shutdown(ctx) != nil {
			_ = s.http.Close()
		}
	})
}

// begin counts a request as being worked on, unless the server is closing.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.working.Add(1)
	return true
}

// serve works one request off: the state changes and the request is recorded before the client sees an answer, and the
// work is done even when the client has gone away meanwhile, as GitLab does it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil || !s.begin() {
		panic(http.ErrAbortHandler)
	}
	defer s.working.Done()
	s.wait()
	got, fault := s.work(r, body)
	if fault.Hang {
		select {
		case <-r.Context().Done():
		case <-s.closing:
		}
	}
	if fault.silent() {
		panic(http.ErrAbortHandler)
	}
	got.write(w)
}

// wait lets the latency pass.
func (s *Server) wait() {
	if s.latency <= 0 {
		return
	}
	timer := time.NewTimer(s.latency)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.closing:
	}
}

// work answers a request and records it, unless it is a control request. It returns the fault that the request met, if any.
func (s *Server) work(r *http.Request, body []byte) (got answer, fault Fault) {
	path := r.URL.EscapedPath()
	if strings.HasPrefix(path, controlPrefix) {
		return s.control(r.Method, path, body), Fault{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if apiPath, ok := s.instance.apiPath(path); !ok {
		got = s.instance.answerOutsideAPI(r, body)
	} else if refusal := s.instance.limitRate(r, time.Now()); refusal != nil {
		got = *refusal
	} else {
		got, fault = s.answerWithFaults(&call{
			method: r.Method,
			path:   apiPath,
			query:  r.URL.Query(),
			raw:    r.URL.RawQuery,
			header: r.Header,
			body:   body,
		})
	}
	status := got.status
	if fault.silent() {
		status = 0
	}
	s.record(Request{Method: r.Method, Path: path, Query: r.URL.RawQuery, Status: status, Header: r.Header.Clone()})
	return got, fault
}

// record keeps a request and writes its line to the log.
func (s *Server) record(r Request) {
	s.requests = append(s.requests, r)
	if s.log == nil {
		return
	}
	_, _ = s.log.Write(append(encode(r), '\n'))
}

// apiPath returns the part of an escaped request path below /api/v4. GitLab serves the API below the path of its external
// URL (a relative root such as /gitlab) and nowhere else, and so does the simulator.
func (i *instance) apiPath(path string) (string, bool) {
	root := ""
	if u, err := url.Parse(i.externalURL); err == nil {
		root = strings.TrimSuffix(u.EscapedPath(), "/")
	}
	below, ok := strings.CutPrefix(path, root+apiPrefix)
	return below, ok && (below == "" || below[0] == '/')
}

// encode returns v as compact JSON without HTML escapes, which GitLab does not make either.
func encode(v any) []byte {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic("gitlabsim: " + err.Error())
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
