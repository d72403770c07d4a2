// Command engine finds the Terraform or OpenTofu that the tests and the demo run on, as package engine says.
//
//	engine                   print the engine's path
//	engine test ARGUMENTS... run go test with these arguments on the engine
//
// The last line of engine test names the engine and counts the tests. It leaves out -race if cgo is off, because the race
// detector needs it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/errortracking/terraform-provider-gitlab/internal/engine"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] != "test" {
		return fmt.Errorf("unknown command %q: run engine, or engine test with arguments for go test", args[0])
	}
	e, err := engine.Find(ctx, os.Stderr)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		_, err = fmt.Println(e.Path)
		return err
	}
	return goTest(ctx, e, args[1:], os.Stdout)
}
