package provider

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// stateStore keeps Terraform states for the backend http, each under its path. The engine writes a local state file
// anew after each resource, which takes most of the time of an apply of 1,000; of a remote state it keeps a copy in
// memory and sends it now and then.
type stateStore struct {
	*httptest.Server

	mu     sync.Mutex
	states map[string][]byte
}

// startStateStore starts a store that ends with the test.
func startStateStore(t testing.TB) *stateStore {
	t.Helper()
	s := &stateStore{states: map[string][]byte{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *stateStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Method {
	case http.MethodPost:
		s.states[r.URL.Path] = body
	case http.MethodDelete:
		delete(s.states, r.URL.Path)
	default:
		if len(s.states[r.URL.Path]) == 0 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(s.states[r.URL.Path])
	}
}

// backend is the HCL that keeps a configuration's state in the store under a name.
func (s *stateStore) backend(name string) string {
	return fmt.Sprintf("terraform {\n  backend \"http\" {\n    address = \"%s/%s\"\n  }\n}\n", s.URL, name)
}
