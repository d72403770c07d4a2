package gitlabsim_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// TestFaults makes two requests under one fault each and looks at the answers and at what GitLab did.
func TestFaults(t *testing.T) {
	t.Parallel()
	const key = `{"id":1,`
	for _, test := range []struct {
		name   string
		fault  gitlabsim.Fault
		method string
		path   string
		first  string // status, media type and the beginning of the body
		second string
		header string // X-Fault of the first answer
		keys   int    // in the end
	}{
		{"status once", gitlabsim.Fault{Path: keys, Status: 502, Times: 1}, "POST", keys, "502 text/plain 502 Bad Gateway", "201 application/json " + key, "", 1},
		{"status twice", gitlabsim.Fault{Path: keys, Status: 502, Times: 2}, "POST", keys, "502 text/plain 502", "502 text/plain 502", "", 0},
		{"status for ever", gitlabsim.Fault{Path: keys, Status: 503}, "POST", keys, "503 text/plain", "503 text/plain", "", 0},
		{"status after the work", gitlabsim.Fault{Path: keys, Status: 502, After: true, Times: 1}, "POST", keys, "502 text/plain", "201 application/json " + `{"id":2,`, "", 2},
		{"drop", gitlabsim.Fault{Path: keys, Drop: true, Times: 1}, "POST", keys, "0", "201 application/json " + key, "", 1},
		{"drop after the work", gitlabsim.Fault{Path: keys, Drop: true, After: true, Times: 1}, "POST", keys, "0", "201 application/json " + `{"id":2,`, "", 2},
		{"HTML", gitlabsim.Fault{Path: settings, Status: 200, Body: "<html>", ContentType: "text/html"}, "GET", settings, "200 text/html <html>", "200 text/html <html>", "", 0},
		{"JSON", gitlabsim.Fault{Path: settings, Status: 200, Body: `{"a":1}`}, "GET", settings, `200 application/json {"a":1}`, `200 application/json {"a":1}`, "", 0},
		{"text", gitlabsim.Fault{Path: settings, Status: 200, Body: `{"a":`}, "GET", settings, `200 text/plain {"a":`, `200 text/plain {"a":`, "", 0},
		{"no content", gitlabsim.Fault{Path: settings, Status: 204, Times: 1}, "GET", settings, "204", "404 application/json", "", 0},
		{"headers of an answer", gitlabsim.Fault{Path: settings, Status: 429, Headers: map[string]string{"x-fault": "a"}, Times: 1}, "GET", settings, "429 text/plain", "404 application/json", "a", 0},
		{"headers alone", gitlabsim.Fault{Path: keys, Headers: map[string]string{"X-Fault": "b"}, Times: 1}, "POST", keys, "201 application/json " + key, "201 application/json", "b", 2},
		{"wildcard over slashes", gitlabsim.Fault{Path: "/projects/1/*", Status: 500}, "GET", keys, "500 text/plain", "500 text/plain", "", 0},
		{"wildcards in the middle", gitlabsim.Fault{Path: "/proj*/1/*track*/client_*", Status: 500}, "GET", keys, "500 text/plain", "500 text/plain", "", 0},
		{"wildcard for nothing", gitlabsim.Fault{Path: keys + "*", Status: 500}, "GET", keys, "500 text/plain", "500 text/plain", "", 0},
		{"another path", gitlabsim.Fault{Path: "/projects/2/*", Status: 500}, "GET", settings, "404 application/json", "404 application/json", "", 0},
		{"another beginning and end", gitlabsim.Fault{Path: "/projects/*/keys", Status: 500}, "GET", settings, "404 application/json", "404 application/json", "", 0},
		{"another middle", gitlabsim.Fault{Path: "/projects/*issues*", Status: 500}, "GET", settings, "404 application/json", "404 application/json", "", 0},
		{"another method", gitlabsim.Fault{Method: "POST", Path: "/*", Status: 500}, "GET", settings, "404 application/json", "404 application/json", "", 0},
		{"escaped path", gitlabsim.Fault{Path: "/projects/acme%2Fweb", Status: 500, Times: 1}, "GET", "/projects/acme%2Fweb", "500 text/plain", "200 application/json", "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := start(t, with(plain), gitlabsim.Options{})
			server.AddFault(test.fault)
			for n, want := range []string{test.first, test.second} {
				got := ask(t, test.method, server.URL()+"/api/v4"+test.path)
				text := fmt.Sprint(got.status)
				if got.body != "" {
					text = fmt.Sprintf("%d %s %s", got.status, got.header.Get("Content-Type"), got.body)
				}
				if !strings.HasPrefix(text, want) {
					t.Errorf("answer %d is %q, want %q", n+1, text, want)
				}
				if n == 0 && got.header.Get("X-Fault") != test.header {
					t.Errorf("X-Fault is %q, want %q", got.header.Get("X-Fault"), test.header)
				}
				if logged := server.Requests()[n]; logged.Status != got.status {
					t.Errorf("request %d is recorded with status %d, want %d", n+1, logged.Status, got.status)
				}
			}
			if got := len(server.Keys(1)); got != test.keys {
				t.Errorf("there are %d keys, want %d", got, test.keys)
			}
		})
	}
}

// TestFaultsInOrder uses the first of several faults until it is spent.
func TestFaultsInOrder(t *testing.T) {
	t.Parallel()
	s := with(plain)
	s.Faults = []gitlabsim.Fault{{Path: "/user", Status: 500, Times: 1}, {Path: "/*", Status: 502, Times: 1}}
	server := start(t, s, gitlabsim.Options{})
	for n, want := range []int{500, 502, http.StatusOK} {
		if got := ask(t, http.MethodGet, server.URL()+"/api/v4/user"); got.status != want {
			t.Errorf("answer %d has status %d, want %d", n+1, got.status, want)
		}
	}
}

// TestFaultsCleared lifts a fault that would last.
func TestFaultsCleared(t *testing.T) {
	t.Parallel()
	s := with(plain)
	s.Faults = []gitlabsim.Fault{{Path: "/*", Status: 500}}
	server := start(t, s, gitlabsim.Options{})
	before := ask(t, http.MethodGet, server.URL()+"/api/v4/user")
	server.ClearFaults()
	after := ask(t, http.MethodGet, server.URL()+"/api/v4/user")
	if before.status != 500 || after.status != http.StatusOK {
		t.Errorf("the answers have the status %d and then %d, want 500 and 200", before.status, after.status)
	}
}

// TestHang leaves requests without an answer, which the client or the server ends.
func TestHang(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		end  func(*gitlabsim.Server, context.CancelFunc)
		keys int
	}{
		{"the client gives up", func(_ *gitlabsim.Server, giveUp context.CancelFunc) { giveUp() }, 0},
		{"the client gives up after the work", func(_ *gitlabsim.Server, giveUp context.CancelFunc) { giveUp() }, 1},
		{"the server closes", func(server *gitlabsim.Server, _ context.CancelFunc) { server.Close() }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			worked := make(signal)
			server := start(t, with(plain), gitlabsim.Options{Log: worked})
			server.AddFault(gitlabsim.Fault{Method: http.MethodPost, Path: keys, Hang: true, After: test.keys > 0})
			ctx, giveUp := context.WithCancel(t.Context())
			defer giveUp()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL()+"/api/v4"+keys, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("PRIVATE-TOKEN", "maintainer-token")
			answered := make(chan bool)
			go func() {
				resp, err := http.DefaultClient.Do(req)
				if err == nil {
					err = resp.Body.Close()
				}
				answered <- err == nil
			}()
			<-worked
			select {
			case <-answered:
				t.Fatal("the request ended by itself")
			default:
			}
			test.end(server, giveUp)
			if <-answered {
				t.Error("the request was answered")
			}
			if got := server.Requests(); len(got) != 1 || got[0].Status != 0 {
				t.Errorf("the requests are recorded as %+v", got)
			}
			if got := len(server.Keys(1)); got != test.keys {
				t.Errorf("there are %d keys, want %d", got, test.keys)
			}
		})
	}
}

// signal is a log that is closed by its one line.
type signal chan struct{}

func (s signal) Write(line []byte) (int, error) {
	close(s)
	return len(line), nil
}
