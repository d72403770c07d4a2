package provider

import (
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
)

func TestParseClientKeyImportID(t *testing.T) {
	t.Parallel()
	key := publicKey(7)
	for id, want := range map[string]clientKeyImportID{
		"42:13":                            {project: "42", keyID: 13},
		"acme/web:13":                      {project: "acme/web", keyID: 13},
		"acme%2Fweb:13":                    {project: "acme%2Fweb", keyID: 13},
		"acme/web:9223372036854775807":     {project: "acme/web", keyID: 9223372036854775807},
		"acme:sub/web:13":                  {project: "acme:sub/web", keyID: 13},
		"42:" + key:                        {project: "42", publicKey: key},
		"acme/web:" + key:                  {project: "acme/web", publicKey: key},
		dsnOf(key, 42):                     {project: "42", publicKey: key},
		dsnOf(key, 42) + "/\n":             {project: "42", publicKey: key},
		"https://" + key + "@h" + "/x":     {},
		"":                                 {},
		"13":                               {project: "13"},
		"acme/web":                         {project: "acme/web"},
		key:                                {},
		":13":                              {},
		"acme/web:":                        {},
		"acme/web:0":                       {},
		"acme/web:-1":                      {},
		"acme/web:+1":                      {},
		"acme/web:13x":                     {},
		"acme/web:9223372036854775808":     {},
		"acme/web:" + key + " ":            {},
		"acme/web:" + strings.ToUpper(key): {},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			got, err := parseClientKeyImportID(id)
			if bad := want.project == ""; bad != (err != nil) {
				t.Fatalf("the error is %v", err)
			}
			if err != nil {
				if strings.Contains(err.Error(), "glet_") {
					t.Errorf("the error shows the key: %v", err)
				}
				return
			}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// An import ID names a project, and the key in one way at most.
func FuzzParseClientKeyImportID(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		id, err := parseClientKeyImportID(text)
		if err != nil {
			return
		}
		if id.project == "" || id.keyID > 0 && id.publicKey != "" || id.keyID < 0 {
			t.Errorf("%q is %+v", text, id)
		}
	})
}

func TestKeyToImport(t *testing.T) {
	t.Parallel()
	keys := []errortracking.ClientKey{
		{ID: 7, PublicKey: "glet_a", Active: true}, {ID: 8, PublicKey: "glet_b"},
		{ID: 9, PublicKey: "glet_c", Active: true}, {ID: 10, PublicKey: "glet_c", Active: true},
	}
	for publicKey, test := range map[string]struct {
		id   int64
		says []string
	}{
		"glet_a": {id: 7},
		"glet_b": {says: []string{"client key 8", "inactive", "name it by its ID"}},
		"glet_c": {says: []string{"More than one", "9, 10"}},
		"glet_d": {says: []string{"None of the project's client keys"}},
	} {
		t.Run(publicKey, func(t *testing.T) {
			t.Parallel()
			key, problem := keyToImport(keys, publicKey)
			if key.ID != test.id {
				t.Errorf("key %d, want %d", key.ID, test.id)
			}
			if (problem == "") != (test.says == nil) || !expectError(test.says...).MatchString(problem) || strings.Contains(problem, publicKey) {
				t.Errorf("the problem is %q", problem)
			}
		})
	}
}

// dsnOf is a DSN as GitLab.com prints it.
func dsnOf(key string, projectID int64) string {
	return errortracking.DSN{
		Scheme: "https", PublicKey: key, Host: "observe.gitlab.com", Port: 443, Path: "/errortracking/api/v1/projects", ProjectID: projectID,
	}.String()
}
