// Command engine finds the Terraform or OpenTofu that the tests and the demo run on, as package engine says.
//
//	engine                   print the engine's path
//	engine test ARGUMENTS... run go test with these arguments on the engine, and count the tests in the last line
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/errortracking/terraform-provider-gitlab/internal/engine"
	"gotest.tools/gotestsum/testjson"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	e, err := engine.Find(ctx, os.Stderr)
	switch args := os.Args[1:]; {
	case err != nil:
	case len(args) == 0:
		fmt.Println(e.Path)
	case args[0] == "test":
		err = goTest(ctx, e, args[1:], os.Stdout)
	default:
		err = fmt.Errorf("unknown command %q: run engine, or engine test with arguments for go test", args[0])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

// goTest runs go test on the engine. It prints what go test would print, and a line with the result at the end. It
// returns an error if go test fails.
func goTest(ctx context.Context, e engine.Engine, args []string, out io.Writer) error {
	// A test waits for its engine, for the processes of that and for GitLab: twice as many as processors keep all busy.
	parallel := strconv.Itoa(2 * runtime.GOMAXPROCS(0))
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json", "-parallel", parallel}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	// Thousands of short runs of an engine spend a fifth of their time on collecting garbage that ends with them.
	cmd.Env = append(os.Environ(), engine.Variable+"="+e.Path, "GOGC=400")
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	tests, err := testjson.ScanTestOutput(testjson.ScanConfig{
		Stdout: events, Handler: printer{out, slices.Contains(args, "-v")}, IgnoreNonJSONOutputLines: true,
	})
	if tests != nil {
		fmt.Fprintf(out, "%s: %s\n", e, result(tests))
	}
	if err := errors.Join(err, cmd.Wait()); err != nil {
		return fmt.Errorf("go test: %w", err)
	}
	return nil
}

// printer prints events as go test prints them.
type printer struct {
	out     io.Writer
	verbose bool
}

// Event prints what go test shows of a package, and the output of a test that failed.
func (p printer) Event(event testjson.TestEvent, tests *testjson.Execution) error {
	text := event.Output
	if !p.verbose && !event.PackageEvent() || text == "PASS\n" {
		text = ""
		if event.Action == testjson.ActionFail {
			pkg := tests.Package(event.Package)
			text = strings.Join(pkg.OutputLines(pkg.LastFailedByName(event.Test)), "")
		}
	}
	_, err := io.WriteString(p.out, text)
	return err
}

// Err prints a line that is no event.
func (p printer) Err(text string) error {
	_, err := fmt.Fprintln(p.out, text)
	return err
}

// result counts tests. A test with subtests counts only through them, except if it fails and none of them does.
func result(tests *testjson.Execution) string {
	passed := 0
	for _, name := range tests.Packages() {
		parents := map[string]bool{}
		for _, test := range tests.Package(name).TestCases() {
			// The name of a subtest can contain slashes itself, so that not all of these exist.
			for parent := test.Test.Parent(); parent != ""; parent = testjson.TestName(parent).Parent() {
				parents[parent] = true
			}
		}
		for _, test := range tests.Package(name).Passed {
			if !parents[test.Test.Name()] {
				passed++
			}
		}
	}
	failed := testjson.FilterFailedUnique(tests.Failed())
	return fmt.Sprintf("%d passed, %d failed, %d skipped", passed, len(failed), len(tests.Skipped()))
}
