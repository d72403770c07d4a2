package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// TestDemo starts the program without a scenario and does what its output says.
func TestDemo(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, gitlabsim.Options{}, "", "", writer)
		_ = writer.Close()
	}()
	var lines []string
	scanner := bufio.NewScanner(reader)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
		if strings.Contains(scanner.Text(), "curl") {
			break
		}
	}
	output := strings.Join(lines, "\n")
	if !regexp.MustCompile(`^listening on http://127\.0\.0\.1:\d+\n`).MatchString(output) || !strings.Contains(output, "acme/web") {
		t.Errorf("the output is\n%s", output)
	}
	base, token := exported(t, output, "GITLAB_BASE_URL"), exported(t, output, "GITLAB_TOKEN")

	var key struct {
		PublicKey string `json:"public_key"`
		SentryDSN string `json:"sentry_dsn"`
	}
	made := send(t, http.MethodPost, base+"/api/v4/projects/acme%2Fweb/error_tracking/client_keys", token, "")
	if err := json.Unmarshal([]byte(made), &key); err != nil {
		t.Fatalf("%s: %v", made, err)
	}
	if want := strings.Replace(base, "://", "://"+key.PublicKey+"@", 1) + "/errortracking/api/v1/projects/1"; key.SentryDSN != want {
		t.Errorf("the DSN is %s, want %s", key.SentryDSN, want)
	}
	send(t, http.MethodPost, base+"/errortracking/api/v1/projects/api/1/envelope/?sentry_key="+key.PublicKey, "", "{}\n{}\n{\"message\":\"hello\"}")
	if events := send(t, http.MethodGet, base+"/-/events", "", ""); !strings.Contains(events, `"message":"hello"`) {
		t.Errorf("the collector received %s", events)
	}

	shell := exec.CommandContext(ctx, "sh", "-c", strings.TrimSpace(lines[len(lines)-1]))
	if runtime.GOOS == "windows" {
		t.Log("the line with curl is for a POSIX shell, so it is not run")
	} else if _, err := exec.LookPath("curl"); err != nil {
		t.Log("curl is missing, so its line is not run")
	} else if out, err := shell.Output(); err != nil || !strings.HasPrefix(string(out), `{"id":1,"path":"acme/site",`) {
		t.Errorf("%s answers %s, %v", lines[len(lines)-1], out, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// exported returns the value that the output exports in a variable.
func exported(t *testing.T, output, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^ *export ` + name + `=(.*)$`).FindStringSubmatch(output)
	if found == nil {
		t.Fatalf("%s is not exported in\n%s", name, output)
	}
	return found[1]
}

// send makes a request and returns the body of a successful answer.
func send(t *testing.T, method, url, token, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("PRIVATE-TOKEN", token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		t.Fatalf("%s %s answers %d %s", method, url, resp.StatusCode, text)
	}
	return string(text)
}
