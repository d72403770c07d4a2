package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/engine"
	"github.com/hashicorp/go-version"
)

// TestGoTest runs go test on small modules. It replaces the working directory of the process.
func TestGoTest(t *testing.T) {
	tests := []struct {
		name, code string
		flags      []string
		ok         bool
		prints     []string
		hides      string
		last       string
	}{
		{
			name: "the tests know the engine", ok: true,
			code: `func TestIt(t *testing.T) { if os.Getenv("TF_ACC_TERRAFORM_PATH") != "/bin/engine" { t.Fatal("no engine") } }`,
			last: "1 passed, 0 failed, 0 skipped",
		},
		{
			name: "a table counts by its rows", ok: true,
			code: `func TestIt(t *testing.T) {
				t.Log("a detail")
				for _, name := range []string{"acme/web", "two"} { t.Run(name, func(t *testing.T) {}) }
			}`,
			prints: []string{"ok  \tm\t"}, hides: "a detail",
			last: "2 passed, 0 failed, 0 skipped",
		},
		{
			name: "-v shows everything", ok: true, flags: []string{"-v"},
			code:   `func TestIt(t *testing.T) { t.Log("a detail") }`,
			prints: []string{"=== RUN   TestIt", "a detail", "--- PASS: TestIt"},
			last:   "1 passed, 0 failed, 0 skipped",
		},
		{
			name: "a skip", ok: true,
			code: `func TestA(t *testing.T) { t.Skip("needs Terraform 1.8") }
			func TestB(t *testing.T) { t.Run("one", func(t *testing.T) { t.Skip() }) }
			func TestMain(m *testing.M) { code := m.Run(); os.Stdout.WriteString("why\n"); os.Exit(code) }`,
			prints: []string{"why"},
			last:   "0 passed, 0 failed, 2 skipped",
		},
		{
			name: "a failed row is one failure, and all output of both tests is shown",
			code: `func TestIt(t *testing.T) {
				t.Log("outer")
				t.Run("one", func(t *testing.T) { t.Error("inner") })
				t.Run("two", func(t *testing.T) {})
			}`,
			prints: []string{"inner", "--- FAIL: TestIt/one", "outer", "--- FAIL: TestIt (", "FAIL\tm\t"},
			last:   "1 passed, 1 failed, 0 skipped",
		},
		{
			name: "tests that a panic cut off",
			code: `func TestIt(t *testing.T) { t.Run("one", func(t *testing.T) { panic("all is lost") }) }
			func TestNext(t *testing.T) {}`,
			prints: []string{"all is lost"},
			last:   "0 passed, 1 failed, 0 skipped",
		},
		{
			name: "a package that fails on its own",
			code: `func TestMain(*testing.M) { os.Stderr.WriteString("no engine\n"); os.Exit(1) }`, prints: []string{"no engine"},
			last: "0 passed, 1 failed, 0 skipped",
		},
		{
			name: "a package that does not compile",
			code: `var _ = x`, prints: []string{"undefined: x", "FAIL\tm [build failed]"},
			last: "0 passed, 1 failed, 0 skipped",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{
				"go.mod":    "module m\n",
				"m_test.go": "package m\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nvar _ = os.Args\nvar _ testing.T\n\n" + tt.code + "\n",
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			t.Chdir(dir)
			var out strings.Builder
			e := engine.Engine{Path: "/bin/engine", Product: "Terraform", Version: version.Must(version.NewVersion("1.8.5"))}
			err := goTest(t.Context(), e, append(tt.flags, "-vet=off", "./..."), &out)
			if (err == nil) != tt.ok {
				t.Errorf("error %v", err)
			}
			printed := out.String()
			lines := strings.Split(strings.TrimSpace(printed), "\n")
			for _, text := range tt.prints {
				if strings.Count(printed, text) != 1 {
					t.Errorf("%q is not there once in\n%s", text, printed)
				}
			}
			if tt.hides != "" && strings.Contains(printed, tt.hides) {
				t.Errorf("%q is in\n%s", tt.hides, printed)
			}
			if last, want := lines[len(lines)-1], "Terraform 1.8.5: "+tt.last; last != want {
				t.Errorf("last line %q, want %q", last, want)
			}
		})
	}
}
