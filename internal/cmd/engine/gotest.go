package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/engine"
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
	cmd.Env = append(os.Environ(), "TF_ACC_TERRAFORM_PATH="+e.Path)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	r := newReport(out, slices.Contains(args, "-v"))
	if err := errors.Join(r.read(events), cmd.Wait()); err != nil {
		fmt.Fprintf(out, "%s: %s\n", e, r)
		return fmt.Errorf("go test: %w", err)
	}
	_, err = fmt.Fprintf(out, "%s: %s\n", e, r)
	return err
}

// event is a line of go test -json, as `go doc test2json` and `go help buildjson` describe it.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// testID names a test. For the package itself, test is empty.
type testID struct{ pkg, test string }

// report prints the events of go test -json as go test prints them, and counts tests. A test with subtests counts only
// through them, except if it fails and none of them does.
type report struct {
	out     io.Writer
	verbose bool

	output  map[testID]*strings.Builder // of what has not ended
	parents map[testID]bool             // tests with subtests, and packages with tests
	blamed  map[testID]bool             // those of them in which a test failed

	passed, failed int
	skipped        map[string]int // by reason
}

func newReport(out io.Writer, verbose bool) *report {
	return &report{
		out: out, verbose: verbose,
		output:  map[testID]*strings.Builder{},
		parents: map[testID]bool{},
		blamed:  map[testID]bool{},
		skipped: map[string]int{},
	}
}

// read reads the events up to the end. It prints lines that are no events unchanged.
func (r *report) read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		switch {
		case len(line) == 0:
		case json.Unmarshal(line, &e) == nil:
			r.add(e)
		default:
			fmt.Fprintf(r.out, "%s", line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) add(e event) {
	id := testID{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "start", "run":
		r.output[id] = &strings.Builder{}
		for _, parent := range id.parents() {
			r.parents[parent] = true
		}
	case "output":
		r.write(id, e.Output)
	case "pass", "fail", "skip":
		r.end(id, e.Action)
	}
}

// write prints the output that go test always shows, and keeps the rest until the test or the package ends.
func (r *report) write(id testID, output string) {
	summary := id.test == "" && (strings.HasPrefix(output, "ok ") || strings.HasPrefix(output, "FAIL\t") || strings.HasPrefix(output, "? "))
	if summary || r.verbose {
		fmt.Fprint(r.out, output)
	}
	if kept := r.output[id]; kept != nil && !summary && !strings.HasPrefix(output, "=== ") {
		kept.WriteString(output)
	}
}

// end counts what ended, and prints the output of what failed.
func (r *report) end(id testID, result string) {
	var output string
	if kept := r.output[id]; kept != nil {
		output = kept.String()
		delete(r.output, id)
	}
	switch {
	case result == "fail":
		if id.test == "" {
			r.endUnfinished(id.pkg)
		}
		if !r.verbose {
			fmt.Fprint(r.out, output)
		}
		if !r.blamed[id] {
			r.failed++
		}
		for _, parent := range id.parents() {
			r.blamed[parent] = true
		}
	case id.test == "" || r.parents[id]:
	case result == "skip":
		r.skipped[reason(output)]++
	default:
		r.passed++
	}
}

// endUnfinished ends the tests of a package that a panic or a timeout cut off. They failed.
func (r *report) endUnfinished(pkg string) {
	var tests []string
	for id := range r.output {
		if id.pkg == pkg && id.test != "" {
			tests = append(tests, id.test)
		}
	}
	slices.Sort(tests)
	for _, test := range slices.Backward(tests) { // subtests before their parent
		r.end(testID{pkg, test}, "fail")
	}
}

// parents returns the tests that id is a subtest of, and its package. The name of a subtest can contain slashes itself,
// so that not all of them exist.
func (id testID) parents() []testID {
	var ids []testID
	for name := id.test; name != ""; {
		name = name[:max(0, strings.LastIndexByte(name, '/'))]
		ids = append(ids, testID{id.pkg, name})
	}
	return ids
}

var (
	// skipMessage is the message of t.Skip in a test's output.
	skipMessage = regexp.MustCompile(`(?m)^\s+\S+\.go:\d+: (.*)$`)
	// needed is the version in the messages of tfversion.SkipBelow and of the provider's tests.
	needed = regexp.MustCompile(`(?:needs Terraform|is below minimum version) (\d+\.\d+)`)
)

// reason returns why a test was skipped, from its output.
func reason(output string) string {
	messages := skipMessage.FindAllStringSubmatch(output, -1)
	if len(messages) == 0 {
		return "no reason given"
	}
	message := messages[len(messages)-1][1]
	if version := needed.FindStringSubmatch(message); version != nil {
		return "needs Terraform " + version[1]
	}
	return message
}

// String returns the numbers of tests, and why some were skipped.
func (r *report) String() string {
	var total int
	var reasons []string
	for reason, n := range r.skipped {
		total += n
		reasons = append(reasons, fmt.Sprintf("%d: %s", n, reason))
	}
	text := fmt.Sprintf("%d passed, %d failed, %d skipped", r.passed, r.failed, total)
	if total > 0 {
		slices.Sort(reasons)
		text += " (" + strings.Join(reasons, "; ") + ")"
	}
	return text
}
