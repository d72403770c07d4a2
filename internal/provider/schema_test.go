package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// schemaOf returns the schemas that a server serves.
func schemaOf(t *testing.T, server tfprotov6.ProviderServer) *tfprotov6.GetProviderSchemaResponse {
	t.Helper()
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// Each object and attribute that the provider serves is described.
func TestSchema_descriptions(t *testing.T) {
	t.Parallel()
	server := newServer(New("test")())
	schemas := schemaOf(t, server)
	for _, d := range schemas.Diagnostics {
		t.Error(d.Summary, d.Detail)
	}
	all := schemasOf(schemas)
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
			t.Errorf("%s: the description is not a sentence: %q", name, s.Block.Description)
		}
		for _, a := range s.Block.Attributes {
			attributes := []*tfprotov6.SchemaAttribute{a}
			if a.NestedType != nil {
				attributes = append(attributes, a.NestedType.Attributes...)
			}
			for _, a := range attributes {
				if !isSentence(a.Description) {
					t.Errorf("%s: attribute %s: the description is not a sentence: %q", name, a.Name, a.Description)
				}
			}
		}
	}
}

// schemasOf returns the schemas of the provider block and of all objects but functions, by kind and name.
func schemasOf(served *tfprotov6.GetProviderSchemaResponse) map[string]*tfprotov6.Schema {
	all := map[string]*tfprotov6.Schema{"provider": served.Provider}
	for name, s := range served.ResourceSchemas {
		all["resource "+name] = s
	}
	for name, s := range served.DataSourceSchemas {
		all["data source "+name] = s
	}
	for name, s := range served.EphemeralResourceSchemas {
		all["ephemeral resource "+name] = s
	}
	for name, s := range served.ActionSchemas {
		all["action "+name] = s.Schema
	}
	for name, s := range served.ListResourceSchemas {
		all["list resource "+name] = s
	}
	return all
}

func isSentence(s string) bool {
	return len(s) > 10 && strings.HasSuffix(s, ".") && strings.Trim(s, " ") == s
}

// What is secret is sensitive in every schema, and nothing else.
func TestSchema_sensitive(t *testing.T) {
	t.Parallel()
	schemas := schemaOf(t, newServer(New("test")()))
	secret := map[string]bool{"token": true, "headers": true, "public_key": true, "sentry_dsn": true}
	var check func(string, []*tfprotov6.SchemaAttribute)
	check = func(where string, attributes []*tfprotov6.SchemaAttribute) {
		for _, a := range attributes {
			if secret[a.Name] != a.Sensitive {
				t.Errorf("%s: %s has Sensitive = %t", where, a.Name, a.Sensitive)
			}
			if a.NestedType != nil {
				check(where+"."+a.Name, a.NestedType.Attributes)
			}
		}
	}
	check("provider", schemas.Provider.Block.Attributes)
	for name, s := range schemas.ResourceSchemas {
		check(name, s.Block.Attributes)
	}
	for name, s := range schemas.DataSourceSchemas {
		check("data "+name, s.Block.Attributes)
	}
	for name, s := range schemas.EphemeralResourceSchemas {
		check("ephemeral "+name, s.Block.Attributes)
	}
}
