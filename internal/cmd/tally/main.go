// Command tally sums up runs of the test suite on several engines.
//
//	tally [-count FOLDER] [-partial] NAME=FILE...
//
// Each FILE holds what `go test -json` printed on the engine NAME. Tally prints the whole output of each failed test,
// then one line an engine with how many tests passed, failed and were skipped, and which were; and their sum. It exits 1 when a test failed, and when
// a test was skipped wherever it came up, because then nothing shows that its feature works. With -partial, for a machine
// that lacks engines, it only names such tests.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	folder := flag.String("count", "", "count only the tests of the package in this `folder` of the module")
	partial := flag.Bool("partial", false, "accept tests that were skipped on every engine")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: tally [-count FOLDER] [-partial] NAME=FILE...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}

	var runs []*run
	for _, arg := range flag.Args() {
		r, err := open(arg)
		if err != nil {
			fmt.Fprintln(os.Stderr, "tally:", err)
			os.Exit(1)
		}
		runs = append(runs, r)
	}
	if !report(os.Stdout, runs, *folder, *partial) {
		os.Exit(1)
	}
}

// open reads the run that the argument NAME=FILE names.
func open(arg string) (*run, error) {
	name, file, ok := strings.Cut(arg, "=")
	if !ok {
		return nil, fmt.Errorf("%q is not NAME=FILE", arg)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(name, f)
}

// report prints what the runs came to and reports whether all is well. Tests are counted in the package of the folder
// alone, or in all packages where folder is empty; failures and skips are looked for everywhere. Where partial is set, a
// test that was skipped on every engine is well too.
func report(w io.Writer, runs []*run, folder string, partial bool) bool {
	ok := true
	for _, r := range runs {
		for _, id := range r.failed() {
			ok = false
			fmt.Fprintf(w, "engine %s: %s failed\n%s\n", r.name, id, r.outcomes[id].output.String())
		}
	}
	for _, id := range skippedEverywhere(runs) {
		ok = ok && partial
		fmt.Fprintf(w, "%s was skipped on every engine\n", id)
	}
	var all counts
	for _, r := range runs {
		c := r.count(folder)
		fmt.Fprintf(w, "engine %s: %s", r.name, c)
		if len(c.skipped) > 0 {
			fmt.Fprintf(w, " (%s)", strings.Join(c.skipped, ", "))
		}
		fmt.Fprintln(w)
		if c.passed == 0 {
			ok = false
		}
		all.passed, all.failed, all.skipped = all.passed+c.passed, all.failed+c.failed, append(all.skipped, c.skipped...)
	}
	fmt.Fprintf(w, "all: %s\n", all)
	return ok
}
