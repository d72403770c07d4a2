package gitlabsim_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// start serves a scenario until the test ends.
func start(t *testing.T, s gitlabsim.Scenario, o gitlabsim.Options) *gitlabsim.Server {
	t.Helper()
	server, err := gitlabsim.Start(s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

// reply is what a client got. Its status is 0 when the connection was cut.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask makes a request with maintainer-token on a connection of its own.
func ask(t *testing.T, method, url string) reply {
	t.Helper()
	return request(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, method, url, "", nil)
}

// request makes one request with a client and further headers.
func request(t *testing.T, client *http.Client, method, url, body string, header http.Header) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return reply{}
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("PRIVATE-TOKEN", "maintainer-token")
	resp, err := client.Do(req)
	if err != nil {
		return reply{}
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	return reply{resp.StatusCode, resp.Header, string(text)}
}
