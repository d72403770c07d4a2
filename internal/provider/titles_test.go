package provider

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// titleArgument is which argument of a call is the title of a diagnostic, by the name of the function.
var titleArgument = map[string]int{
	"AddError": 0, "AddWarning": 0, "NewErrorDiagnostic": 0, "NewWarningDiagnostic": 0,
	"AddAttributeError": 1, "AddAttributeWarning": 1, "NewAttributeErrorDiagnostic": 1, "NewAttributeWarningDiagnostic": 1,
}

// hole stands in a title for what is known only when the provider runs, in this test and in the guide.
const hole = "…"

// formatHole is what a format has in its place.
var formatHole = regexp.MustCompile(`%[a-z]`)

// The troubleshooting guide has a heading for each title of an error and a warning, and no other heading of its level.
func TestTroubleshooting_titles(t *testing.T) {
	t.Parallel()
	var told []string
	for line := range strings.Lines(troubleshooting(t)) {
		if title, ok := strings.CutPrefix(line, "### "); ok {
			told = append(told, strings.TrimSpace(title))
		}
	}
	given := parseProvider(t).titles(t)
	for _, title := range given {
		if !slices.Contains(told, title) {
			t.Errorf("the guide has no heading %q", title)
		}
	}
	for _, title := range told {
		if !slices.Contains(given, title) {
			t.Errorf("the guide has the heading %q, which the provider does not say", title)
		}
	}
}

// The guide has the first sentence on each cause, as the provider tells it.
func TestTroubleshooting_causes(t *testing.T) {
	t.Parallel()
	guide := troubleshooting(t)
	for kind, known := range adviceOn {
		first, _, _ := strings.Cut(known.cause, ". ")
		first, _, _ = strings.Cut(first, ": ")
		if first = strings.TrimSuffix(first, "."); !strings.Contains(guide, "| "+first+". |") {
			t.Errorf("%q is not in the table of causes: %s", kind, first)
		}
	}
}

func troubleshooting(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../templates/guides/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// source is the code of the provider, as far as titles are made of it.
type source struct {
	constants map[string]ast.Expr
	functions map[string]*ast.FuncDecl // those that belong to no type
	bodies    []*ast.FuncDecl
}

func parseProvider(t *testing.T) source {
	t.Helper()
	s := source{constants: map[string]ast.Expr{}, functions: map[string]*ast.FuncDecl{}}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			switch d := declared.(type) {
			case *ast.FuncDecl:
				s.bodies = append(s.bodies, d)
				if d.Recv == nil {
					s.functions[d.Name.Name] = d
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if value, ok := spec.(*ast.ValueSpec); ok && d.Tok == token.CONST && len(value.Values) == len(value.Names) {
						for i, name := range value.Names {
							s.constants[name.Name] = value.Values[i]
						}
					}
				}
			}
		}
	}
	return s
}

// titles returns every title that a diagnostic can have, sorted.
func (s source) titles(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	for _, function := range s.bodies {
		ast.Inspect(function, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			if at, ok := titleArgument[calledName(call)]; ok {
				for _, title := range s.texts(call.Args[at], scope{function: function}) {
					if strings.Trim(title, hole+" ") == "" {
						t.Errorf("%s gives a diagnostic whose title this test cannot read", function.Name.Name)
					}
					found[title] = true
				}
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(found))
}

// scope is where an expression stands: the function, and the texts of its parameters as far as its caller says them.
type scope struct {
	function   *ast.FuncDecl
	parameters map[string][]string
}

// texts returns the texts that an expression can have. What cannot be read from the code is a hole.
func (s source) texts(expression ast.Expr, in scope) []string {
	switch e := expression.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return []string{text}
		}
	case *ast.BinaryExpr:
		var all []string
		for _, left := range s.texts(e.X, in) {
			for _, right := range s.texts(e.Y, in) {
				all = append(all, strings.ReplaceAll(left+right, hole+hole, hole))
			}
		}
		return all
	case *ast.Ident:
		return s.valuesOf(e.Name, in)
	case *ast.CallExpr:
		return s.results(e, in)
	}
	return []string{hole}
}

// valuesOf returns the texts of a constant, a parameter, or all that a local variable is set to.
func (s source) valuesOf(name string, in scope) []string {
	if value, ok := s.constants[name]; ok {
		return s.texts(value, in)
	}
	if values, ok := in.parameters[name]; ok {
		return values
	}
	var all []string
	ast.Inspect(in.function, func(node ast.Node) bool {
		if set, ok := node.(*ast.AssignStmt); ok && len(set.Lhs) == len(set.Rhs) {
			for i, left := range set.Lhs {
				if variable, ok := left.(*ast.Ident); ok && variable.Name == name {
					all = append(all, s.texts(set.Rhs[i], in)...)
				}
			}
		}
		return true
	})
	if all == nil {
		return []string{hole}
	}
	return all
}

// results returns the texts of a call: of fmt.Sprintf, or of a function of the provider that does nothing but return one.
func (s source) results(call *ast.CallExpr, in scope) []string {
	name := calledName(call)
	if name == "Sprintf" {
		formats := s.texts(call.Args[0], in)
		for i, format := range formats {
			formats[i] = formatHole.ReplaceAllString(format, hole)
		}
		return formats
	}
	function, ok := s.functions[name]
	if !ok || len(function.Body.List) != 1 {
		return []string{hole}
	}
	result, ok := function.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(result.Results) != 1 {
		return []string{hole}
	}
	called := scope{function: function, parameters: map[string][]string{}}
	at := 0
	for _, field := range function.Type.Params.List {
		for _, parameter := range field.Names {
			called.parameters[parameter.Name] = s.texts(call.Args[at], in)
			at++
		}
	}
	return s.texts(result.Results[0], called)
}

func calledName(call *ast.CallExpr) string {
	switch function := call.Fun.(type) {
	case *ast.Ident:
		return function.Name
	case *ast.SelectorExpr:
		return function.Sel.Name
	}
	return ""
}

// What a title can be made of in the code.
func TestTroubleshooting_titlesInCode(t *testing.T) {
	t.Parallel()
	titles := parseProvider(t).titles(t)
	for _, want := range []string{
		"No GitLab token",                                       // a text
		"GitLab cannot be reached yet",                          // a constant
		"Invalid provider argument …",                           // a text and a value
		"Cannot delete client key … of project …",               // a format
		"Cannot reset the error tracking settings of project …", // a function
		"Cannot find group …",                                   // a variable
	} {
		if !slices.Contains(titles, want) {
			t.Errorf("the title %q was not found in\n%s", want, strings.Join(titles, "\n"))
		}
	}
}
