// Command demo shows the provider at work. It starts a simulated GitLab on 127.0.0.1, builds the provider from the checkout
// and applies examples/demo: it creates a client key, imports another one, sends an event to a DSN, finds keys with a query,
// rotates a key and destroys everything. It runs on the Terraform or OpenTofu that internal/cmd/engine finds.
//
// Run it in the root of the checkout. After each step it shows what GitLab has. It exits with status 1 if Terraform or GitLab
// say anything else than expected. With -v it shows all output of Terraform, with -svg it draws a picture of what it printed.
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
	verbose := flag.Bool("v", false, "show all output of Terraform")
	picture := flag.String("svg", "", "draw what was printed into this `file`, an SVG picture of a terminal")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	s := &story{out: os.Stdout, coloured: isTerminal(os.Stdout)}
	err := run(ctx, s, *verbose)
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

// run runs the demo in a temporary folder, which it removes in any case.
func run(ctx context.Context, s *story, verbose bool) (err error) {
	folder, err := os.MkdirTemp("", "terraform-provider-gitlab-demo-")
	if err != nil {
		return err
	}
	defer func() {
		if removal := os.RemoveAll(folder); err == nil {
			err = removal
		}
	}()
	gitlab, err := startGitLab()
	if err != nil {
		return err
	}
	defer gitlab.Close()
	engine, err := findEngine(ctx, folder, gitlab.URL(), verbose)
	if err != nil {
		return err
	}
	d := &demo{story: s, gitlab: gitlab, engine: engine}
	for _, section := range []struct {
		title string
		run   func(context.Context) error
	}{
		{"Set up", d.begin},
		{"Plan and apply", d.create},
		{"Import an existing key", d.importKey},
		{"Read the DSN and send an event", d.sendEvent},
		{"Find keys with a query", d.query},
		{"Rotate a key without a gap", d.rotate},
		{"Nothing left to do", d.planAgain},
		{"Destroy", d.destroy},
	} {
		s.tell(plain, "")
		s.tell(title, section.title)
		if err := section.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", section.title, err)
		}
	}
	return nil
}
