// Command demo shows the provider at work on a simulated GitLab, with the Terraform or OpenTofu that package engine finds. It
// applies examples/demo, and after each step it shows what GitLab received and has. It exits with status 1 if Terraform or
// GitLab say anything else than expected.
//
// Run it in the root of the checkout. On a terminal it waits before each chapter for Enter, or for as many seconds as the
// environment variable PACE says (10 if unset). With PACE=0, with CI set and in a pipe it never waits.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func main() {
	verbose := flag.Bool("v", false, "show all output of Terraform")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	switch err := run(ctx, *verbose); {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "demo: stopped, nothing is left running")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run runs the demo in a temporary folder, which it removes in any case.
func run(ctx context.Context, verbose bool) (err error) {
	folder, err := os.MkdirTemp("", "terraform-provider-gitlab-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	gitlab, err := gitlabsim.Start(scenario, gitlabsim.Options{})
	if err != nil {
		return err
	}
	defer gitlab.Close()
	gitlab.SetDSNBaseURL(gitlab.URL()) // so that it receives the events too
	d := &demo{story: newStory(), gitlab: gitlab, folder: folder, verbose: verbose}
	d.run(ctx)
	return d.err
}
