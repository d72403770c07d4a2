package provider

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Each object and attribute that the provider serves is described.
func TestSchema_descriptions(t *testing.T) {
	t.Parallel()
	server := providerserver.NewProtocol6(New("test")())()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range schemas.Diagnostics {
		t.Error(d.Summary, d.Detail)
	}
	all := map[string]*tfprotov6.Schema{"provider": schemas.Provider}
	for name, s := range schemas.ResourceSchemas {
		all["resource "+name] = s
	}
	for name, s := range schemas.DataSourceSchemas {
		all["data source "+name] = s
	}
	for name, s := range schemas.EphemeralResourceSchemas {
		all["ephemeral resource "+name] = s
	}
	for name, s := range schemas.ActionSchemas {
		all["action "+name] = s.Schema
	}
	for name, s := range schemas.ListResourceSchemas {
		all["list resource "+name] = s
	}
	for name, f := range schemas.Functions {
		for _, text := range []string{f.Summary, f.Description, f.Parameters[0].Description} {
			if !isSentence(text) {
				t.Errorf("function %s: no sentence: %q", name, text)
			}
		}
	}
	if len(all) < 8 || len(schemas.Functions) == 0 {
		t.Fatalf("only %d schemas", len(all))
	}
	for name, s := range all {
		if !isSentence(s.Block.Description) {
			t.Errorf("%s: the description is no sentence: %q", name, s.Block.Description)
		}
		for _, a := range s.Block.Attributes {
			attributes := []*tfprotov6.SchemaAttribute{a}
			if a.NestedType != nil {
				attributes = append(attributes, a.NestedType.Attributes...)
			}
			for _, a := range attributes {
				if !isSentence(a.Description) {
					t.Errorf("%s: attribute %s: the description is no sentence: %q", name, a.Name, a.Description)
				}
			}
		}
	}
}

func isSentence(s string) bool {
	return len(s) > 10 && strings.HasSuffix(s, ".") && strings.Trim(s, " ") == s
}

// Each error that package errortracking can give has a cause and a cure.
func TestDiagnostics_adviceOnEachError(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	file, err := parser.ParseFile(token.NewFileSet(), "../errortracking/errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Err") {
			names[spec.Names[0].Name] = true
		}
		return true
	})
	if len(names) == 0 || len(names) != len(adviceOn) {
		t.Errorf("errors.go has %d errors, there is advice on %d", len(names), len(adviceOn))
	}
	for kind, advice := range adviceOn {
		text := explain(&errortracking.Error{Kind: kind, Method: "GET", Path: "/api/v4/projects/1", Status: 418})
		if !strings.Contains(text, advice.cause) || !strings.Contains(text, advice.cure) || !strings.HasSuffix(advice.cause, ".") || !strings.HasSuffix(advice.cure, ".") {
			t.Errorf("%v is explained as %q", kind, text)
		}
	}
	if text := explain(errors.New("plain")); text != "plain." {
		t.Errorf("an error of no kind is explained as %q", text)
	}
}
