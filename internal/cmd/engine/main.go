// Command engine finds the Terraform or OpenTofu that the tests and the demo run on.
//
//	engine                   print the engine's path
//	engine test ARGUMENTS... run go test with these arguments on the engine
//
// An engine is looked for in these places, in this order:
//
//  1. the environment variable TF_ACC_TERRAFORM_PATH
//  2. terraform on PATH
//  3. tofu on PATH
//  4. the user's cache directory, where the next two steps put Terraform
//  5. a download of the newest Terraform
//  6. a build of Terraform 1.8.5 from the Go module proxy
//
// engine test prints what go test prints. Its last line names the engine and counts the tests. It leaves out -race if cgo
// is off, because the race detector needs it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
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
	f := finder{
		getenv:   os.Getenv,
		lookPath: exec.LookPath,
		cacheDir: os.UserCacheDir,
		download: download,
		build:    build,
		log:      os.Stderr,
	}
	e, err := f.find(ctx)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		_, err = fmt.Println(e.path)
		return err
	}
	return goTest(ctx, e, args[1:], os.Stdout)
}
