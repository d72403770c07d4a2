package gitlabsim_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// TestRequests looks at the record of requests and at the log. Neither holds control requests.
func TestRequests(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	server := start(t, with(plain), gitlabsim.Options{Log: &log})
	ask(t, http.MethodGet, server.URL()+"/api/v4/projects/acme%2Fweb?a=b%20c&d")
	ask(t, http.MethodPost, server.URL()+"/api/v4/projects/1/error_tracking/client_keys")
	ask(t, http.MethodGet, server.URL()+"/-/events")

	got := server.Requests()
	for n := range got {
		if got[n].Header.Get("PRIVATE-TOKEN") != "maintainer-token" {
			t.Errorf("request %d is recorded with the headers %v", n, got[n].Header)
		}
		got[n].Header = nil
	}
	want := []gitlabsim.Request{
		{Method: "GET", Path: "/api/v4/projects/acme%2Fweb", Query: "a=b%20c&d", Status: 200},
		{Method: "POST", Path: "/api/v4/projects/1/error_tracking/client_keys", Status: 201},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	server.ClearRequests()
	if got := server.Requests(); len(got) != 0 {
		t.Errorf("got %+v after they were cleared", got)
	}
	server.Close()
	wantLog := `{"method":"GET","path":"/api/v4/projects/acme%2Fweb","query":"a=b%20c&d","status":200}
{"method":"POST","path":"/api/v4/projects/1/error_tracking/client_keys","query":"","status":201}
`
	if log.String() != wantLog {
		t.Errorf("the log is\n%swant\n%s", log.String(), wantLog)
	}
}

// TestState changes settings and keys behind the client's back.
func TestState(t *testing.T) {
	t.Parallel()
	server := start(t, with(plain), gitlabsim.Options{})
	if row, ok := server.Settings(1); ok {
		t.Errorf("there are settings %+v at the start", row)
	}
	given := gitlabsim.Settings{Active: true, Integrated: true, ProjectName: new("P")}
	server.SetSettings(1, &given)
	*given.ProjectName = "Q"
	row, ok := server.Settings(1)
	if !ok || !row.Active || !row.Integrated || *row.ProjectName != "P" {
		t.Errorf("got settings %+v, %t", row, ok)
	}
	if got := server.Keys(1); len(got) != 0 {
		t.Errorf("storing settings made keys %+v", got)
	}
	server.SetSettings(1, nil)
	if row, ok := server.Settings(1); ok {
		t.Errorf("there are settings %+v after they were removed", row)
	}
	first, second := server.AddKey(1), server.AddKey(1)
	server.RemoveKey(1, first.ID)
	if got := server.Keys(1); len(got) != 1 || got[0] != second {
		t.Errorf("got keys %+v, want %+v", got, second)
	}
}

// TestMistakes calls methods with what does not exist.
func TestMistakes(t *testing.T) {
	t.Parallel()
	server := start(t, with(another), gitlabsim.Options{})
	for want, call := range map[string]func(){
		"no project 9":                          func() { server.Keys(9) },
		`no token "nobody"`:                     func() { server.SetRole("nobody", 1, "owner") },
		`no role "boss"`:                        func() { server.SetRole("maintainer-token", 1, "boss") },
		"project 1 has no client key 1":         func() { server.RemoveKey(1, 1) },
		`"web" is not a full path`:              func() { server.MoveProject(1, "web") },
		`path: "ACME/sub/api" is not a path of`: func() { server.MoveProject(1, "ACME/sub/api") },
		"id: 2 is not a positive number":        func() { server.AddProject(gitlabsim.Project{ID: 2, Path: "acme/two"}) },
		`gitlabsim: path: "" is not`:            func() { server.AddFault(gitlabsim.Fault{Status: 500}) },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("got panic %q", got)
				}
				// A panic leaves the server usable.
				server.Requests()
			}()
			call()
		})
	}
}

// TestOldPathOfAnother gives a path that one project has left to another.
func TestOldPathOfAnother(t *testing.T) {
	t.Parallel()
	server := start(t, with(another), gitlabsim.Options{})
	server.MoveProject(1, "acme/site")
	server.MoveProject(2, "acme/web")
	if got := ask(t, http.MethodGet, server.URL()+"/api/v4/projects/acme%2Fweb"); !strings.HasPrefix(got.body, `{"id":2,`) {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

// TestConcurrentUse makes, lists and deletes keys from many goroutines while methods change the state.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	const workers, rounds = 8, 10
	var log bytes.Buffer
	server := start(t, with(plain), gitlabsim.Options{Latency: time.Microsecond, Log: &log})
	api := server.URL() + "/api/v4"
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range rounds {
				made := request(t, http.DefaultClient, http.MethodPost, api+keys, "", nil)
				request(t, http.DefaultClient, http.MethodPost, api+keys, "", nil)
				id, _, _ := strings.Cut(strings.TrimPrefix(made.body, `{"id":`), ",")
				if got := request(t, http.DefaultClient, http.MethodDelete, api+keys+"/"+id, "", nil); got.body != made.body {
					t.Errorf("DELETE answers %s, want %s", got.body, made.body)
				}
				request(t, http.DefaultClient, http.MethodGet, api+keys+"?per_page=100", "", nil)
				server.AddFault(gitlabsim.Fault{Path: "/version", Status: 500, Times: 1})
				server.SetFlag(1, true)
				server.Requests()
				server.Keys(1)
			}
		})
	}
	group.Wait()
	seen := map[int64]bool{}
	for _, key := range server.Keys(1) {
		seen[key.ID] = true
	}
	if len(seen) != workers*rounds {
		t.Errorf("there are %d keys, want %d", len(seen), workers*rounds)
	}
	if got, want := len(server.Requests()), workers*rounds*4; got != want || bytes.Count(log.Bytes(), []byte("\n")) != want {
		t.Errorf("there are %d requests, want %d", got, want)
	}
}

// TestClose closes a server twice while a request waits for its latency. A request that is answered was worked on.
func TestClose(t *testing.T) {
	t.Parallel()
	server := start(t, with(plain), gitlabsim.Options{Latency: time.Hour})
	answered := make(chan reply)
	go func() { answered <- ask(t, http.MethodPost, server.URL()+"/api/v4"+keys) }()
	server.Close()
	server.Close()
	got := <-answered
	if got.status != 0 && (got.status != http.StatusCreated || len(server.Keys(1)) != 1) {
		t.Errorf("got %d %s with %d keys", got.status, got.body, len(server.Keys(1)))
	}
	if got := ask(t, http.MethodGet, server.URL()+"/api/v4/version"); got.status != 0 {
		t.Errorf("a closed server answers %d", got.status)
	}
}

// TestTLS speaks HTTPS.
func TestTLS(t *testing.T) {
	t.Parallel()
	donor := httptest.NewTLSServer(http.NotFoundHandler())
	defer donor.Close()
	pool := x509.NewCertPool()
	pool.AddCert(donor.Certificate())
	server := start(t, with(plain), gitlabsim.Options{TLS: &tls.Config{Certificates: donor.TLS.Certificates, MinVersion: tls.VersionTLS12}})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	got := request(t, client, http.MethodGet, server.URL()+"/api/v4/version", "", nil)
	if !strings.HasPrefix(server.URL(), "https://127.0.0.1:") || got.status != http.StatusOK {
		t.Errorf("%s answers %d %s", server.URL(), got.status, got.body)
	}
	client.CloseIdleConnections()
}

// TestRelativeRoot serves the API below the path of the external URL.
func TestRelativeRoot(t *testing.T) {
	t.Parallel()
	s := with(moved)
	s.ExternalURL = "https://example.com/gitlab/"
	server := start(t, s, gitlabsim.Options{})
	if got := ask(t, http.MethodGet, server.URL()+"/gitlab/api/v4/projects/1"); got.status != http.StatusOK {
		t.Errorf("below the root: got %d %s", got.status, got.body)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got := request(t, client, http.MethodGet, server.URL()+"/gitlab/api/v4/projects/acme%2Fold", "", nil)
	if want := "https://example.com/gitlab/api/v4/projects/1"; got.header.Get("Location") != want {
		t.Errorf("redirected to %q, want %q", got.header.Get("Location"), want)
	}
	if got := ask(t, http.MethodGet, server.URL()+"/api/v4/projects/1"); got.status != http.StatusNotFound || !strings.HasPrefix(got.body, "<!DOCTYPE html>") {
		t.Errorf("outside the root: got %d %s", got.status, got.body)
	}
}

// TestStartRefuses starts servers that cannot be.
func TestStartRefuses(t *testing.T) {
	t.Parallel()
	running := start(t, gitlabsim.Scenario{}, gitlabsim.Options{})
	for name, test := range map[string]struct {
		scenario gitlabsim.Scenario
		options  gitlabsim.Options
		want     string
	}{
		"bad scenario":  {gitlabsim.Scenario{Version: "new"}, gitlabsim.Options{}, `version: "new"`},
		"taken address": {gitlabsim.Scenario{}, gitlabsim.Options{Addr: strings.TrimPrefix(running.URL(), "http://")}, "address already in use"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := gitlabsim.Start(test.scenario, test.options)
			if err == nil {
				server.Close()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %s", err, test.want)
			}
		})
	}
}
