package provider

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/google/go-cmp/cmp"
)

// The troubleshooting guide has a heading for each title, and no other heading of its level.
func TestTitles_documented(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	want := titles(t)
	var got []string
	for _, heading := range regexp.MustCompile(`(?m)^### (.+)$`).FindAllSubmatch(guide, -1) {
		got = append(got, string(heading[1]))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headings of the guide (-want +got):\n%s", diff)
	}
}

// titles returns the titles of all errors and warnings.
func titles(t *testing.T) (all []string) {
	t.Helper()
	source, err := parser.ParseFile(token.NewFileSet(), "diagnostics.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, declared := range source.Decls {
		if constants, ok := declared.(*ast.GenDecl); ok && constants.Tok == token.CONST && constants.Lparen.IsValid() {
			all = append(all, literals(constants)...)
		}
	}
	return all
}

// No error or warning has a title that is written where it is used, or a long text.
func TestTitles_constants(t *testing.T) {
	t.Parallel()
	titleAt := map[string]int{
		"AddError": 0, "AddWarning": 0, "AddAttributeError": 1, "AddAttributeWarning": 1,
		"addFailure": 1, "titleOf": 1,
		"NewErrorDiagnostic": 0, "NewWarningDiagnostic": 0, "NewAttributeErrorDiagnostic": 1, "NewAttributeWarningDiagnostic": 1,
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	titles := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		positions := token.NewFileSet()
		source, err := parser.ParseFile(positions, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(source, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := ""
			switch function := call.Fun.(type) {
			case *ast.SelectorExpr:
				name = function.Sel.Name
			case *ast.Ident:
				name = function.Name
			}
			if at, ok := titleAt[name]; ok {
				titles++
				if written := literals(call.Args[at]); len(written) > 0 {
					t.Errorf("%s: the title %q is no constant of diagnostics.go", positions.Position(call.Pos()), written)
				}
				for _, detail := range call.Args[at+1:] {
					if words := len(strings.Fields(strings.Join(literals(detail), " "))); words > 60 {
						t.Errorf("%s: the detail has %d words", positions.Position(call.Pos()), words)
					}
				}
			}
			return true
		})
	}
	if titles == 0 {
		t.Error("no error or warning was found")
	}
}

// literals returns the texts that stand in source.
func literals(source ast.Node) (texts []string) {
	ast.Inspect(source, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, _ := strconv.Unquote(literal.Value)
			texts = append(texts, text)
		}
		return true
	})
	return texts
}

// Each error of package errortracking has a cause and a cure, in a few words.
func TestExplain(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../errortracking/errors.go")
	if err != nil {
		t.Fatal(err)
	}
	if kinds := regexp.MustCompile(`(?m)^\tErr\w+ += `).FindAll(source, -1); len(kinds) != len(adviceOn)+1 { // ErrSettingsInUse is never explained
		t.Errorf("errors.go has %d errors, there is advice on %d", len(kinds), len(adviceOn))
	}
	for kind, advice := range adviceOn {
		text := explain(&errortracking.Error{Kind: kind, Method: "GET", Path: "/api/v4/projects/1", Status: 418})
		cause := advice.cause
		if cause == "" {
			cause = capitalized(kind.Error()) + "."
		}
		if !strings.Contains(text, "\n\n"+cause+"\n\n") || !strings.Contains(text, advice.cure) || !strings.HasSuffix(cause, ".") || !strings.HasSuffix(advice.cure, ".") {
			t.Errorf("%v is explained as %q", kind, text)
		}
	}
	for _, all := range []map[error]advice{adviceOn, collectorAdvice} {
		for kind, advice := range all {
			if words := len(strings.Fields(advice.cause + " " + advice.cure)); words > 60 {
				t.Errorf("%v is explained in %d words", kind, words)
			}
		}
	}
	lost := &errortracking.Error{Kind: errortracking.ErrLostAnswer, Err: &errortracking.Error{Kind: errortracking.ErrClientKeysFailed}}
	if advice := strings.SplitN(explain(lost), "\n\n", 2)[1]; len(strings.Fields(advice)) > 60 || !strings.HasSuffix(advice, brokenAPIURL) {
		t.Errorf("a lost response of client keys that fail is explained with %q", advice)
	}
	if text := explain(errors.New("plain")); text != "plain." {
		t.Errorf("an error of no kind is explained as %q", text)
	}
}

// GitLab gives up error tracking: the state is kept until the resources are removed, and goes on if it comes back.
func TestFeatureRemoved(t *testing.T) {
	t.Parallel()
	const removed = "GitLab no longer has error tracking"
	config := settingsConfig("acme/web", "active = true") + clientKeyConfig("acme/web", `keepers = { rotated = "1" }`)
	start := func(t *testing.T) (*testbed, *commandLine) {
		t.Helper()
		gitlab := startTestbed(t, twoProjects())
		terraform := newCommandLine(t, gitlab, config)
		terraform.succeeds(t, "apply", "-auto-approve")
		gitlab.SetErrorTracking(false)
		return gitlab, terraform
	}
	warns := func(t *testing.T, output string, texts ...string) {
		t.Helper()
		if !hasInOrder(output, append([]string{"Warning: " + removed, "Project acme/web: GitLab at"}, texts...)...) {
			t.Errorf("no warning with %q:\n%s", texts, output)
		}
	}

	t.Run("plan, apply and return", func(t *testing.T) {
		t.Parallel()
		gitlab, terraform := start(t)
		warns(t, terraform.succeeds(t, "plan"), "stays in the state as it was last read")
		warns(t, terraform.succeeds(t, "apply", "-auto-approve"), "0 added, 0 changed, 0 destroyed")
		terraform.fails(t, []string{"Error: Unable to create or replace resource", "terraform state rm"}, "apply", "-auto-approve", "-replace="+clientKeyAddress)
		terraform.write(t, "main.tf", requiredProviders+settingsConfig("acme/web", "active = false")+clientKeyConfig("acme/web", `keepers = { rotated = "1" }`))
		terraform.fails(t, []string{"Error: Unable to save error tracking settings", "Project acme/web: GitLab at"}, "apply", "-auto-approve")
		terraform.write(t, "main.tf", requiredProviders+settingsConfig("acme/web", "active = true")+clientKeyConfig("acme/web", `keepers = { rotated = "2" }`))
		terraform.fails(t, []string{"Error: Unable to create or replace resource"}, "apply", "-auto-approve")
		gitlab.SetErrorTracking(true)
		terraform.write(t, "main.tf", requiredProviders+config)
		terraform.changesNothing(t)
		if len(gitlab.Keys(1)) != 1 {
			t.Errorf("GitLab has the keys %v, want one", gitlab.keyIDs(1))
		}
	})
	for name, leave := range map[string]func(*testing.T, *commandLine) string{
		"destroy": func(t *testing.T, terraform *commandLine) string {
			t.Helper()
			return terraform.succeeds(t, "destroy", "-auto-approve")
		},
		"removed from the configuration": func(t *testing.T, terraform *commandLine) string {
			t.Helper()
			terraform.write(t, "main.tf", requiredProviders)
			return terraform.succeeds(t, "apply", "-auto-approve")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, terraform := start(t)
			output := leave(t, terraform)
			warns(t, output, "The settings were removed from the state.")
			warns(t, output, "Client key", "was removed from the state.")
			if left := terraform.objectsInState(t); len(left) > 0 {
				t.Errorf("the state has %v", left)
			}
		})
	}
	t.Run("create, import and data source", func(t *testing.T) {
		t.Parallel()
		scenario := twoProjects()
		scenario.ErrorTracking = new(false)
		gitlab := startTestbed(t, scenario)
		terraform := newCommandLine(t, gitlab, config)
		terraform.fails(t, []string{"This GitLab no longer has error tracking"}, "apply", "-auto-approve")
		terraform.fails(t, []string{"Error: Unable to read error tracking settings", "This GitLab no longer has error tracking"}, "import", settingsAddress, "acme/web")
		terraform.fails(t, []string{"Error: Unable to read client keys", "This GitLab no longer has error tracking"}, "import", clientKeyAddress, "acme/web")
		if left := terraform.objectsInState(t); len(left) > 0 {
			t.Errorf("the state has %v", left)
		}
		terraform.write(t, "main.tf", requiredProviders+"data \"gitlab_error_tracking_settings\" \"test\" {\n  project = \"acme/web\"\n}\n")
		terraform.fails(t, []string{"Error: Unable to read error tracking settings", "This GitLab no longer has error tracking"}, "plan")
	})
}
