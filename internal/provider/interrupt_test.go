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

var interruptedRuns = flag.Int("interrupts", 8, "how many applies TestInterrupt interrupts")

// An apply that is interrupted while it makes keys has each key that GitLab made in its state, and no other.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	needsPOSIX(t)
	const keys = 40
	for run := range *interruptedRuns {
		// The moments are spread over the whole apply: after the listing, and after each number of answers.
		after := run * (keys + 1) / *interruptedRuns
		t.Run(fmt.Sprintf("run %d after %d keys", run, after), func(t *testing.T) {
			t.Parallel()
			requests := &lineCounter{reached: make(chan struct{}), wanted: 1 + after}
			gitlab := startTestbedWith(t, twoProjects(), gitlabsim.Options{Latency: 30 * time.Millisecond, Log: requests})
			terraform := newCommandLine(t, gitlab, fmt.Sprintf("resource \"gitlab_error_tracking_client_key\" \"test\" {\n  count = %d\n  project = \"1\"\n}\n", keys))
			apply := terraform.command(t.Context(), "apply", "-auto-approve")
			var output bytes.Buffer
			apply.Stdout, apply.Stderr = &output, &output
			if err := apply.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- apply.Wait() }()
			var err error
			select {
			case <-requests.reached:
				if err := apply.Process.Signal(os.Interrupt); err != nil {
					t.Log("the apply had ended already")
				}
				err = <-ended
			case err = <-ended:
				t.Fatalf("the apply ended before its interrupt: %v\n%s", err, output.String())
			}
			inGitLab := []int64{}
			for _, key := range gitlab.Keys(1) {
				inGitLab = append(inGitLab, key.ID)
			}
			if inState := terraform.keysInState(t); !slices.Equal(inState, inGitLab) {
				t.Errorf("apply ended with %v: state has keys %v, GitLab has %v\n%s", err, inState, inGitLab, output.String())
			}
			if err == nil && len(inGitLab) != keys {
				t.Errorf("apply ended well with %d keys of %d", len(inGitLab), keys)
			}
		})
	}
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
