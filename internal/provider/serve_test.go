package provider

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

// serveVariable makes the program of the tests the provider. Its value is the timeout of one attempt at a request.
const serveVariable = "TEST_PROVIDER_TIMEOUT"

// reattachment finds what an engine needs to know of a provider that runs already.
var reattachment = regexp.MustCompile(`TF_REATTACH_PROVIDERS='(.+)'`)

// startProvider runs the provider until the test ends, and returns the environment variable with which engines use it.
// They need a quarter of the time when they do not start it themselves, and the test can set what no argument can: the
// timeout of one attempt at a request, where zero is the provider's own, and no wait before another. What the provider
// logs, at the level TRACE, or prints goes to log.
func startProvider(t *testing.T, timeout time.Duration, log *os.File) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Without the other variable a program with the race detector takes a second to end.
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), serveVariable+"="+timeout.String(), "TF_LOG=TRACE", "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stdin.Close(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the provider ended with %v", err)
		}
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if found := reattachment.FindStringSubmatch(lines.Text()); found != nil {
			return "TF_REATTACH_PROVIDERS=" + found[1]
		}
	}
	t.Fatalf("the provider did not start: %v", lines.Err())
	return ""
}

// serve is the program that startProvider starts. It ends with its input, which is that of the tests' process.
func serve(timeout string) error {
	p := &gitlabProvider{version: "test"}
	p.options.Pause = func(time.Duration) time.Duration { return 0 }
	var err error
	if p.options.Timeout, err = time.ParseDuration(timeout); err != nil {
		return err
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		// This is how a provider for debuggers is told to end, and removes its socket.
		_ = self.Signal(os.Interrupt)
	}()
	return providerserver.Serve(context.Background(), func() provider.Provider { return p }, providerserver.ServeOpts{
		Address: cmp.Or(os.Getenv("TF_ACC_PROVIDER_HOST"), Hostname) + "/" + Namespace + "/" + TypeName,
		Debug:   true,
	})
}
