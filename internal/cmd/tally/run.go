package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is a line of `go test -json`, as `go doc test2json` and `go help buildjson` describe it.
type event struct {
	Action     string
	Package    string
	Test       string
	Output     string
	ImportPath string // in the actions build-output and build-fail, instead of Package
}

// testID names a test, or a package where test is empty.
type testID struct{ pkg, test string }

// String returns the package and the test's name as `go test -run` takes it.
func (id testID) String() string {
	return strings.TrimSuffix(id.pkg+" "+id.test, " ")
}

// outcome is what became of a test or a package.
type outcome struct {
	result   string // pass, fail or skip; empty when it never ended
	output   strings.Builder
	children bool // something below it ran
	blamed   bool // something below it failed
}

// run is what one `go test` did on one engine.
type run struct {
	name     string
	order    []testID // as they first came up
	outcomes map[testID]*outcome
}

// counts are numbers of tests. A test with subtests is not counted beside them, unless it failed and none of them did.
type counts struct {
	passed, failed int
	skipped        []string // their names, in order
}

// String returns the numbers in the words of test runners.
func (c counts) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.passed, c.failed, len(c.skipped))
}

// read takes a run from the output of `go test -json`. Lines that are not JSON count as output of the go command
// itself. An output without any package is an error.
func read(name string, in io.Reader) (*run, error) {
	r := &run{name: name, outcomes: map[testID]*outcome{}}
	reader := bufio.NewReader(in)
	var loose strings.Builder
	for {
		line, err := reader.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil {
				r.add(e)
			} else {
				loose.WriteString(line)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if len(r.order) == 0 {
		return nil, fmt.Errorf("engine %s: no package was tested\n%s", name, loose.String())
	}
	for _, id := range slices.Backward(r.order) {
		if id.test != "" {
			parent := r.parent(id)
			parent.children = true
			parent.blamed = parent.blamed || r.outcomes[id].failed()
		}
	}
	return r, nil
}

func (r *run) add(e event) {
	id := testID{e.Package, e.Test}
	if pkg, _, _ := strings.Cut(e.ImportPath, " "); pkg != "" {
		id = testID{pkg: pkg}
	}
	o := r.at(id)
	switch e.Action {
	case "pass", "fail", "skip":
		o.result = e.Action
	case "build-fail":
		o.result = "fail"
	case "output", "build-output":
		o.output.WriteString(e.Output)
	}
}

// at returns the outcome of id, new where it first comes up, and the package's before its tests'.
func (r *run) at(id testID) *outcome {
	o, ok := r.outcomes[id]
	if !ok {
		if id.test != "" {
			r.at(testID{pkg: id.pkg})
		}
		o = new(outcome)
		r.outcomes[id] = o
		r.order = append(r.order, id)
	}
	return o
}

// parent returns the outcome of the test that id is a subtest of, or of its package. A subtest's own name may have
// slashes, so the longest name that came up is the parent's.
func (r *run) parent(id testID) *outcome {
	name := id.test
	for {
		name = name[:max(0, strings.LastIndexByte(name, '/'))]
		if o, ok := r.outcomes[testID{id.pkg, name}]; ok {
			return o
		}
	}
}

// failed reports whether it failed or never ended.
func (o *outcome) failed() bool { return o.result == "fail" || o.result == "" }

// failed returns the tests that failed, then the packages that did with no failed test.
func (r *run) failed() []testID {
	var tests, packages []testID
	for _, id := range r.order {
		switch o := r.outcomes[id]; {
		case !o.failed():
		case id.test != "":
			tests = append(tests, id)
		case !o.blamed:
			packages = append(packages, id)
		}
	}
	return append(tests, packages...)
}

// count counts the tests of the package in the folder, or of all packages where folder is empty. A package that failed
// with no failed test counts as one failed test.
func (r *run) count(folder string) counts {
	var c counts
	for _, id := range r.order {
		o := r.outcomes[id]
		if folder != "" && !strings.HasSuffix(id.pkg, "/"+folder) {
			continue
		}
		switch {
		case o.failed():
			if !o.blamed {
				c.failed++
			}
		case o.children || id.test == "":
		case o.result == "pass":
			c.passed++
		default:
			c.skipped = append(c.skipped, id.test)
		}
	}
	return c
}

// skippedEverywhere returns the tests that were skipped on at least one engine and ran on none.
func skippedEverywhere(runs []*run) []testID {
	ran := map[testID]bool{}
	for _, r := range runs {
		for id, o := range r.outcomes {
			ran[id] = ran[id] || o.result != "skip"
		}
	}
	var skipped []testID
	for id, didRun := range ran {
		if id.test != "" && !didRun {
			skipped = append(skipped, id)
		}
	}
	slices.SortFunc(skipped, func(a, b testID) int { return strings.Compare(a.String(), b.String()) })
	return skipped
}
