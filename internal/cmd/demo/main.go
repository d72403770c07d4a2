// Command demo shows the provider at work from beginning to end. It starts a simulated GitLab on 127.0.0.1, builds the
// provider from the checkout it is run in and applies examples/demo: switches error tracking on in two projects, makes
// client keys, imports a key that was there before by its DSN, queries the keys of the group, reports an event through a
// made DSN, rotates a key and destroys everything. It runs on the Terraform or OpenTofu that internal/cmd/engine finds.
//
// Run it in the root of the checkout. Each step prints one line and checks on the server that it did what it says; the
// exit status is 0 only when all did. With -v it shows all that Terraform prints, with -svg it draws a picture of its lines.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	verbose := flag.Bool("v", false, "show what Terraform prints")
	picture := flag.String("svg", "", "draw what was told into this `file`, an SVG picture of a terminal")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	s := newStory(os.Stdout, *verbose)
	err := tell(ctx, s)
	if err == nil && *picture != "" {
		err = drawFile(*picture, s.told)
	}
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "demo: stopped, nothing is left running")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// tell runs the demo in a temporary folder, which it removes whatever happens.
func tell(ctx context.Context, s *story) (err error) {
	folder, err := os.MkdirTemp("", "terraform-provider-gitlab-demo-")
	if err != nil {
		return err
	}
	defer func() {
		if removal := os.RemoveAll(folder); err == nil {
			err = removal
		}
	}()

	d := &demo{story: s, folder: folder}
	defer d.close()
	// Later on the environment is that of the demo.
	if d.path, err = findEngine(ctx); err != nil {
		return err
	}
	if d.tofu, err = isOpenTofu(ctx, d.path); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		d.startGitLab, d.buildProvider, d.showEngine, d.init,
		d.create, d.showOutputs, d.query, d.sendEvent, d.planAgain, d.rotate, d.destroy,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}
