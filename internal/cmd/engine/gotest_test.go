package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/engine"
)

func TestReport(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name    string
		verbose bool
		events  string
		printed string
		result  string
	}{
		{
			name: "a table counts by its rows",
			events: `{"Action":"start","Package":"m/p"}
{"Action":"run","Package":"m/p","Test":"TestA"}
{"Action":"output","Package":"m/p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"pass","Package":"m/p","Test":"TestA"}
{"Action":"run","Package":"m/p","Test":"TestTable"}
{"Action":"run","Package":"m/p","Test":"TestTable/acme/web"}
{"Action":"output","Package":"m/p","Test":"TestTable/acme/web","Output":"a detail\n"}
{"Action":"pass","Package":"m/p","Test":"TestTable/acme/web"}
{"Action":"run","Package":"m/p","Test":"TestTable/two"}
{"Action":"pass","Package":"m/p","Test":"TestTable/two"}
{"Action":"pass","Package":"m/p","Test":"TestTable"}
{"Action":"output","Package":"m/p","Output":"PASS\n"}
{"Action":"output","Package":"m/p","Output":"ok  \tm/p\t0.1s\n"}
{"Action":"pass","Package":"m/p"}
`,
			printed: "ok  \tm/p\t0.1s\n",
			result:  "3 passed, 0 failed, 0 skipped",
		},
		{
			name: "-v shows everything once", verbose: true,
			events: `{"Action":"start","Package":"m/p"}
{"Action":"run","Package":"m/p","Test":"TestA"}
{"Action":"output","Package":"m/p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"m/p","Test":"TestA","Output":"    a_test.go:9: wrong\n"}
{"Action":"fail","Package":"m/p","Test":"TestA"}
{"Action":"output","Package":"m/p","Output":"FAIL\n"}
{"Action":"output","Package":"m/p","Output":"FAIL\tm/p\t0.1s\n"}
{"Action":"fail","Package":"m/p"}
`,
			printed: "=== RUN   TestA\n    a_test.go:9: wrong\nFAIL\nFAIL\tm/p\t0.1s\n",
			result:  "0 passed, 1 failed, 0 skipped",
		},
		{
			name: "skips by reason",
			events: `{"Action":"run","Package":"m/p","Test":"TestA"}
{"Action":"output","Package":"m/p","Test":"TestA","Output":"    a_test.go:9: needs Terraform 1.8, found 1.5.7\n"}
{"Action":"skip","Package":"m/p","Test":"TestA"}
{"Action":"run","Package":"m/p","Test":"TestB"}
{"Action":"output","Package":"m/p","Test":"TestB","Output":"    testing_new.go:70: Terraform CLI version 1.5.7 is below minimum version 1.8.0: skipping test\n"}
{"Action":"output","Package":"m/p","Test":"TestB","Output":"--- SKIP: TestB (0.01s)\n"}
{"Action":"skip","Package":"m/p","Test":"TestB"}
{"Action":"run","Package":"m/p","Test":"TestC"}
{"Action":"output","Package":"m/p","Test":"TestC","Output":"    c_test.go:9: the feature flag is off\n"}
{"Action":"skip","Package":"m/p","Test":"TestC"}
{"Action":"run","Package":"m/p","Test":"TestD"}
{"Action":"skip","Package":"m/p","Test":"TestD"}
{"Action":"skip","Package":"m/empty"}
`,
			result: "0 passed, 0 failed, 4 skipped (1: no reason given; 1: the feature flag is off; 2: needs Terraform 1.8)",
		},
		{
			name: "a failed row is one failure, and all output of both tests is shown",
			events: `{"Action":"start","Package":"m/p"}
{"Action":"run","Package":"m/p","Test":"TestTable"}
{"Action":"output","Package":"m/p","Test":"TestTable","Output":"outer\n"}
{"Action":"run","Package":"m/p","Test":"TestTable/one"}
{"Action":"output","Package":"m/p","Test":"TestTable/one","Output":"=== RUN   TestTable/one\n"}
{"Action":"output","Package":"m/p","Test":"TestTable/one","Output":"inner\n"}
{"Action":"fail","Package":"m/p","Test":"TestTable/one"}
{"Action":"run","Package":"m/p","Test":"TestTable/two"}
{"Action":"pass","Package":"m/p","Test":"TestTable/two"}
{"Action":"fail","Package":"m/p","Test":"TestTable"}
{"Action":"output","Package":"m/p","Output":"FAIL\n"}
{"Action":"fail","Package":"m/p"}
`,
			printed: "inner\nouter\nFAIL\n",
			result:  "1 passed, 1 failed, 0 skipped",
		},
		{
			name: "a test that never ended",
			events: `{"Action":"start","Package":"m/p"}
{"Action":"run","Package":"m/p","Test":"TestTable"}
{"Action":"run","Package":"m/p","Test":"TestTable/one"}
{"Action":"output","Package":"m/p","Test":"TestTable/one","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"m/p"}
`,
			printed: "panic: test timed out\n",
			result:  "0 passed, 1 failed, 0 skipped",
		},
		{
			name: "a package that does not compile",
			events: `{"ImportPath":"m/p [m/p.test]","Action":"build-output","Output":"p.go:1: undefined: x\n"}
{"ImportPath":"m/p [m/p.test]","Action":"build-fail"}
{"Action":"start","Package":"m/p"}
{"Action":"output","Package":"m/p","Output":"FAIL\tm/p [build failed]\n"}
{"Action":"fail","Package":"m/p","FailedBuild":"m/p [m/p.test]"}
`,
			printed: "p.go:1: undefined: x\nFAIL\tm/p [build failed]\n",
			result:  "0 passed, 1 failed, 0 skipped",
		},
		{
			name:    "lines of the go command",
			events:  "go: cannot find main module",
			printed: "go: cannot find main module",
			result:  "0 passed, 0 failed, 0 skipped",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			var out strings.Builder
			r := newReport(&out, tt.verbose)
			if err := r.read(strings.NewReader(tt.events)); err != nil {
				t.Fatal(err)
			}
			if out.String() != tt.printed {
				t.Errorf("printed\n%s\nwant\n%s", out.String(), tt.printed)
			}
			if got := r.String(); got != tt.result {
				t.Errorf("result %q, want %q", got, tt.result)
			}
		})
	}
}

// TestGoTest runs go test on small modules. It replaces the working directory of the process.
func TestGoTest(t *testing.T) {
	tests := []struct {
		name, code string
		ok         bool
		prints     string
		last       string
	}{
		{
			name: "the tests know the engine", ok: true,
			code: `if os.Getenv("TF_ACC_TERRAFORM_PATH") != "/bin/engine" { t.Fatal("no engine") }`,
			last: "Terraform 1.8.5: 1 passed, 0 failed, 0 skipped",
		},
		{
			name: "a failure", code: `t.Fatal(os.Args)`,
			prints: "--- FAIL: TestIt",
			last:   "Terraform 1.8.5: 0 passed, 1 failed, 0 skipped",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{
				"go.mod":    "module m\n",
				"m_test.go": "package m\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestIt(t *testing.T) {\n\t" + tt.code + "\n}\n",
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			t.Chdir(dir)
			t.Setenv("CGO_ENABLED", "0")
			var out strings.Builder
			err := goTest(t.Context(), engine.Engine{Path: "/bin/engine", Product: engine.Terraform, Version: "1.8.5"}, []string{"-race", "./..."}, &out)
			if (err == nil) != tt.ok {
				t.Errorf("error %v", err)
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if want := "Running without the race detector, because it needs cgo and a C compiler."; lines[0] != want {
				t.Errorf("first line %q, want %q", lines[0], want)
			}
			if !strings.Contains(out.String(), tt.prints) {
				t.Errorf("printed %q, want %q", out.String(), tt.prints)
			}
			if last := lines[len(lines)-1]; last != tt.last {
				t.Errorf("last line %q, want %q", last, tt.last)
			}
		})
	}
}
