package provider

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

var interruptedRuns = flag.Int("interrupts", 4, "how many applies TestInterrupt interrupts")

// An apply that is interrupted while it makes keys has each key that GitLab made in its state, and no other.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	const keys = 20 // two for each of the resources that Terraform works on at a time
	for run := range *interruptedRuns {
		// The moments are spread over the whole apply: after the listing, and after each number of answers.
		after := run * (keys + 1) / *interruptedRuns
		t.Run(fmt.Sprintf("run %d after %d keys", run, after), func(t *testing.T) {
			t.Parallel()
			requests := &lineCounter{reached: make(chan struct{}), wanted: 1 + after}
			gitlab := startTestbedWith(t, twoProjects(), gitlabsim.Options{Latency: 30 * time.Millisecond, Log: requests})
			terraform := newCommandLine(t, gitlab, fmt.Sprintf("resource \"gitlab_error_tracking_client_key\" \"test\" {\n  count = %d\n  project = \"1\"\n}\n", keys))
			output, err := terraform.interrupt(t, requests.reached)
			select {
			case <-requests.reached:
			default:
				t.Fatalf("the apply ended before its interrupt: %v\n%s", err, output)
			}
			inGitLab := gitlab.keyIDs(1)
			if inState := terraform.keysInState(t); !slices.Equal(inState, inGitLab) {
				t.Errorf("apply ended with %v: state has keys %v, GitLab has %v\n%s", err, inState, inGitLab, output)
			}
			if err == nil && len(inGitLab) != keys {
				t.Errorf("apply ended well with %d keys of %d", len(inGitLab), keys)
			}
		})
	}
}

// interrupt runs an apply to its end, and interrupts it once reached is closed.
func (c *commandLine) interrupt(t *testing.T, reached <-chan struct{}) (output string, err error) {
	t.Helper()
	needsPOSIX(t)
	apply := c.command(t.Context(), "apply", "-auto-approve")
	var printed bytes.Buffer
	apply.Stdout, apply.Stderr = &printed, &printed
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- apply.Wait() }()
	select {
	case <-reached:
		_ = apply.Process.Signal(os.Interrupt) // It may have ended.
		err = <-ended
	case err = <-ended:
	}
	return printed.String(), err
}

// lineCounter is a log that reports when it has the wanted number of lines.
type lineCounter struct {
	reached chan struct{}
	wanted  int
	lines   int
}

// Write counts a line: the simulator writes one at a time.
func (c *lineCounter) Write(line []byte) (int, error) {
	if c.lines++; c.lines == c.wanted {
		close(c.reached)
	}
	return len(line), nil
}
