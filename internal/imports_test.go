// Package internal_test holds the policy of which package may import which.
package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/errortracking/terraform-provider-gitlab"

// imports says what a package may import beside the standard library: a package of this module by its folder
// (the root folder is "."), any other by a prefix of its path.
type imports struct {
	code  []string // in every file
	tests []string // in _test.go files besides
}

// policy has a line for each package of the module. What a line does not name is not imported.
var policy = map[string]imports{
	".": {
		code: []string{"internal/provider", "github.com/hashicorp/terraform-plugin-framework/"},
	},
	"internal": {},
	"internal/provider": {
		code: []string{
			"internal/errortracking",
			"github.com/hashicorp/terraform-plugin-framework", "github.com/hashicorp/terraform-plugin-go/",
			"github.com/hashicorp/terraform-plugin-log/",
		},
		tests: []string{
			"internal/gitlabsim",
			"github.com/hashicorp/terraform-plugin-testing/", "github.com/hashicorp/terraform-json",
			"github.com/hashicorp/go-version", "github.com/hashicorp/hc-install", "github.com/hashicorp/terraform-exec/",
			"github.com/google/go-cmp/",
			"google.golang.org/grpc", "google.golang.org/protobuf/",
		},
	},
	"internal/errortracking": {
		code: []string{
			"gitlab.com/gitlab-org/api/client-go",
			"github.com/hashicorp/go-cleanhttp", "github.com/hashicorp/go-retryablehttp", "golang.org/x/",
		},
		tests: []string{"internal/gitlabsim", "github.com/getsentry/sentry-go", "github.com/google/go-cmp/"},
	},
	"internal/gitlabsim":     {},
	"internal/cmd/gitlabsim": {code: []string{"internal/gitlabsim"}},
	"internal/cmd/tally":     {},
	"internal/cmd/demo": {
		code: []string{
			"internal/gitlabsim", "internal/provider",
			"github.com/getsentry/sentry-go",
			"github.com/hashicorp/go-version", "github.com/hashicorp/hc-install",
			"github.com/hashicorp/terraform-exec/", "github.com/hashicorp/terraform-json",
		},
	},
}

// TestImports reads every Go file whatever its build constraints, so that a file for another system is held to the
// policy too.
func TestImports(t *testing.T) {
	t.Parallel()

	unseen := maps.Clone(policy)
	for file, imported := range goFiles(t) {
		folder := path.Dir(file)
		allowed, ok := policy[folder]
		if !ok {
			t.Errorf("%s: the policy has no line for the package %s", file, folder)
			continue
		}
		delete(unseen, folder)
		may := allowed.code
		if strings.HasSuffix(file, "_test.go") {
			may = slices.Concat(allowed.code, allowed.tests, []string{folder})
		}
		for _, imp := range imported {
			if !permitted(imp, may) {
				t.Errorf("%s imports %s, which the policy does not allow", file, imp)
			}
		}
	}
	for folder := range unseen {
		t.Errorf("the policy has a line for %s, and there is no such package", folder)
	}
}

// TestPermitted shows that the policy refuses what it is there to refuse.
func TestPermitted(t *testing.T) {
	t.Parallel()

	tests := []struct {
		folder, imported string
		code, tests      bool
	}{
		{".", module + "/internal/provider", true, true},
		{".", module + "/internal/errortracking", false, false},
		{"internal/provider", module + "/internal/errortracking", true, true},
		{"internal/provider", module + "/internal/gitlabsim", false, true},
		{"internal/provider", "gitlab.com/gitlab-org/api/client-go/v2", false, false},
		{"internal/errortracking", "gitlab.com/gitlab-org/api/client-go/v2", true, true},
		{"internal/errortracking", "github.com/hashicorp/terraform-plugin-framework/diag", false, false},
		{"internal/errortracking", module + "/internal/gitlabsim", false, true},
		{"internal/errortracking", module + "/internal/provider", false, false},
		{"internal/gitlabsim", "net/http", true, true},
		{"internal/gitlabsim", "golang.org/x/sync/errgroup", false, false},
		{"internal/gitlabsim", module + "/internal/errortracking", false, false},
		{"internal/cmd/demo", module + "/internal/gitlabsim", true, true},
	}
	for _, tt := range tests {
		t.Run(tt.folder+" imports "+tt.imported, func(t *testing.T) {
			t.Parallel()

			allowed := policy[tt.folder]
			if got := permitted(tt.imported, allowed.code); got != tt.code {
				t.Errorf("in code: got %t, want %t", got, tt.code)
			}
			if got := permitted(tt.imported, slices.Concat(allowed.code, allowed.tests)); got != tt.tests {
				t.Errorf("in tests: got %t, want %t", got, tt.tests)
			}
		})
	}
}

// permitted reports whether a package may be imported where only the standard library and the packages in may are
// allowed.
func permitted(imported string, may []string) bool {
	if own, ok := strings.CutPrefix(imported, module+"/"); ok {
		return slices.Contains(may, own)
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return true
	}
	return slices.ContainsFunc(may, func(prefix string) bool { return strings.HasPrefix(imported, prefix) })
}

// goFiles returns the import paths of every Go file of the module, by the file's path below the module's root. Folders
// that the go command passes over are passed over.
func goFiles(t *testing.T) map[string][]string {
	t.Helper()

	const root = ".."
	files := map[string][]string{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() {
			if name != root && (base == "testdata" || base[0] == '.' || base[0] == '_') {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(base) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		var paths []string
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			paths = append(paths, imported)
		}
		files[filepath.ToSlash(below)] = paths
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
