package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/engine"
	"gotest.tools/gotestsum/testjson"
)

// goTest runs go test on the engine. It prints what go test would print, and a line with the result at the end. It
// returns an error if go test fails.
func goTest(ctx context.Context, e engine.Engine, args []string, out io.Writer) error {
	cgo, err := exec.CommandContext(ctx, "go", "env", "CGO_ENABLED").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	if string(bytes.TrimSpace(cgo)) != "1" && slices.Contains(args, "-race") {
		args = slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == "-race" })
		fmt.Fprintln(out, "Running without the race detector, because it needs cgo and a C compiler.")
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Env = append(os.Environ(), engine.Variable+"="+e.Path)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	tests, err := testjson.ScanTestOutput(testjson.ScanConfig{
		Stdout:                   events,
		Handler:                  printer{out: out, verbose: slices.Contains(args, "-v")},
		IgnoreNonJSONOutputLines: true,
	})
	if err = errors.Join(err, cmd.Wait()); err != nil {
		err = fmt.Errorf("go test: %w", err)
	}
	if tests != nil {
		fmt.Fprintf(out, "%s: %s\n", e, result(tests))
	}
	return err
}

// printer prints events as go test prints them.
type printer struct {
	out     io.Writer
	verbose bool
}

// Event prints what go test shows of a package, and the output of a test that failed.
func (p printer) Event(event testjson.TestEvent, tests *testjson.Execution) error {
	text := event.Output
	if !p.verbose {
		switch {
		case event.PackageEvent() && text == "PASS\n":
			text = ""
		case event.PackageEvent():
		case event.Action == testjson.ActionFail:
			pkg := tests.Package(event.Package)
			text = strings.Join(pkg.OutputLines(pkg.LastFailedByName(event.Test)), "")
		default:
			text = ""
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

// skipMessage is the message of t.Skip in a test's output.
var skipMessage = regexp.MustCompile(`(?m)^\s+\S+\.go:\d+: (.*)$`)

// result counts tests and says why some were skipped. A test with subtests counts only through them, except if it fails and
// none of them does.
func result(tests *testjson.Execution) string {
	passed, reasons := 0, map[string]int{}
	for _, name := range tests.Packages() {
		pkg := tests.Package(name)
		parents := map[string]bool{}
		for _, test := range pkg.TestCases() {
			// The name of a subtest can contain slashes itself, so that not all of these exist.
			for parent := test.Test.Parent(); parent != ""; parent = testjson.TestName(parent).Parent() {
				parents[parent] = true
			}
		}
		for _, test := range pkg.Passed {
			if !parents[test.Test.Name()] {
				passed++
			}
		}
		for _, test := range pkg.Skipped {
			reason := "no reason given"
			for _, message := range skipMessage.FindAllStringSubmatch(strings.Join(pkg.OutputLines(test), ""), -1) {
				reason = message[1] // the last one counts
			}
			reasons[reason]++
		}
	}
	skipped := len(tests.Skipped())
	text := fmt.Sprintf("%d passed, %d failed, %d skipped", passed, len(testjson.FilterFailedUnique(tests.Failed())), skipped)
	if skipped == 0 {
		return text
	}
	var why []string
	for reason, n := range reasons {
		why = append(why, fmt.Sprintf("%d: %s", n, reason))
	}
	slices.Sort(why)
	return text + " (" + strings.Join(why, "; ") + ")"
}
