package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func TestParseClientKeyImportID(t *testing.T) {
	t.Parallel()
	key := publicKey(7)
	for id, want := range map[string]clientKeyImportID{
		"42:13":                            {project: "42", keyID: 13},
		"acme/web:13":                      {project: "acme/web", keyID: 13},
		"acme%2Fweb:13":                    {project: "acme%2Fweb", keyID: 13},
		"acme/web:9223372036854775807":     {project: "acme/web", keyID: 9223372036854775807},
		"acme:sub/web:13":                  {},
		"2:2:2":                            {},
		"2,2":                              {},
		"acme/web;2":                       {},
		key + ":13":                        {},
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

// Each form of an import ID, with a configuration that names the project in either way, leaves nothing to do. The state takes
// the path for a number.
func TestImport(t *testing.T) {
	t.Parallel()
	older := fmt.Sprintf("https://%s@gitlab.example.com/api/v4/error_tracking/collector/1", publicKey(8))
	for settings, key := range map[[2]string]string{ // by the ID of the settings and the project of the configuration
		{"1", "acme/web"}:          "1:8",
		{"1", "1"}:                 "acme/web:8",
		{"acme/web", "1"}:          "acme%2Fweb:8",
		{"acme/web", "acme/web"}:   "1:" + publicKey(8),
		{"Acme/Web", "acme/web"}:   "acme/web:" + publicKey(8),
		{"Acme/Web", "1"}:          dsnOf(publicKey(8), 1),
		{"acme%2Fweb", "acme/web"}: older,
		{"acme%2Fweb", "1"}:        "1",
		{"acme/web", "Acme/Web"}:   "acme/web",
	} {
		id, project := settings[0], settings[1]
		t.Run(id+" and "+key+" as "+project, func(t *testing.T) {
			t.Parallel()
			scenario := keyScenario()
			scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
			scenario.Projects[0].ClientKeys[0].Inactive = true
			gitlab := startTestbed(t, scenario)
			config := settingsConfig(project, "active = true") + clientKeyConfig(project, "")
			terraform := newCommandLine(t, gitlab, config)
			terraform.succeeds(t, "import", settingsAddress, id)
			terraform.succeeds(t, "import", clientKeyAddress, key)
			terraform.goesTo(t, config, "0 added, 0 changed, 0 destroyed")
			passes(t, gitlab.wrote(), gitlab.hasKeys(1, 7, 8))
			for _, o := range terraform.objectsInState(t) {
				if o["project"] == "1" || o["project_id"] != 1.0 {
					t.Errorf("the state has %v", o)
				}
			}
		})
	}
}

// What is wrong with an import is said with the ID, and with what is right.
func TestImport_fails(t *testing.T) {
	t.Parallel()
	forms := []string{"<project>:<key_id>, such as acme/web:13 or 42:13", "<project>:<public_key>", "<project>, if it has one active client key", "a DSN"}
	scenario := keyScenario()
	scenario.Projects[1].ClientKeys = gitlabsim.ClientKeys{{ID: 9, PublicKey: publicKey(9), Inactive: true}}
	scenario.Projects = append(scenario.Projects, gitlabsim.Project{ID: 3, Path: "acme/empty"})
	for _, test := range []struct {
		address, id string
		says        []string
	}{
		{clientKeyAddress, "", append([]string{`Invalid import ID`, `"" is not an import ID of a client key: use one of`}, forms...)},
		{clientKeyAddress, "1,2", append([]string{`"1,2" is not an import ID of a client key`}, append(slices.Clone(forms), "the import ID is 1:2.")...)},
		{clientKeyAddress, "2:2:2", append([]string{`"2:2:2" is not an import ID of a client key`}, append(slices.Clone(forms), "the import ID is 2:2.")...)},
		{clientKeyAddress, "acme/web:0", append([]string{`"acme/web:0" is not an import ID of a client key`}, forms...)},
		{clientKeyAddress, "acme/web:7x", append([]string{`"acme/web:7x" is not an import ID of a client key`}, forms...)},
		{clientKeyAddress, ":7", append([]string{`":7" is not an import ID of a client key`}, forms...)},
		{clientKeyAddress, "acme/gone:7", []string{"Unable to find project", "Project acme/gone: ", "404 Project Not Found"}},
		{clientKeyAddress, "99:" + publicKey(7), []string{"Unable to find project", "Project 99: ", "404 Project Not Found"}},
		{clientKeyAddress, "7", []string{"Unable to find project", "Project 7: ", "404 Project Not Found"}},
		{clientKeyAddress, dsnOf(publicKey(7), 2), []string{"Unable to import client key", "Project 2: ", "None of the project's client keys", "Existing client keys: 9"}},
		{clientKeyAddress, "acme/web/2", []string{"Unable to find project", "If 2 is the ID of a client key, the import ID is acme/web:2."}},
		{clientKeyAddress, publicKey(7), append([]string{`"` + publicKey(7) + `" is not an import ID of a client key`}, forms...)},
		{clientKeyAddress, "https://user:password@gitlab.com/acme/web", []string{"Invalid import ID", "This is not an import ID of a client key: not a DSN of GitLab"}},
		{clientKeyAddress, "/acme/web:7", []string{`"/acme/web:7" is not an import ID`, "begins with a slash"}},
		{clientKeyAddress, "acme/web", []string{"Unable to import client key", "Project acme/web: The project has 2 active client keys. Choose one", "Existing client keys: 7, 8."}},
		{clientKeyAddress, "acme/shop", []string{"Unable to import client key", "has no active client key. Remove the import block", "Existing client keys: 9 (inactive)."}},
		{clientKeyAddress, "acme/empty", []string{"Unable to import client key", "has no active client key. Remove the import block", "The project has no client keys."}},
		{clientKeyAddress, "acme/shop:" + publicKey(9), []string{"client key 9, is inactive", "To import it anyway, use its ID"}},
		{clientKeyAddress, "acme/web:" + publicKey(9), []string{"None of the project's client keys has this public key", "Existing client keys: 7, 8."}},
		{clientKeyAddress, "acme/web:9", []string{"Client key not found", "has no client key 9", "Existing client keys: 7, 8.", "Remove the import block"}},
		{settingsAddress, "", []string{"Invalid import ID", "such as acme/web"}},
		{settingsAddress, "acme/web:1", []string{`"acme/web:1" is not an import ID of error tracking settings`, "such as acme/web."}},
		{settingsAddress, "acme/web/1", []string{"Unable to find project"}},
		{settingsAddress, "acme/gone", []string{"Unable to find project", "Project acme/gone: ", "404 Project Not Found", "does not exist, or the token cannot see it"}},
		{settingsAddress, "/acme/web", []string{"Invalid project", "begins with a slash", "acme/web"}},
		{settingsAddress, "acme/web", []string{"Unable to read error tracking settings", "nothing to import", "Remove the import block"}},
	} {
		t.Run(test.address+" "+test.id, func(t *testing.T) {
			t.Parallel()
			terraform := newCommandLine(t, startTestbed(t, scenario), settingsConfig("acme/web", "active = true")+clientKeyConfig("acme/web", ""))
			output, err := terraform.run(t, "import", test.address, test.id)
			if err == nil || !hasInOrder(output, test.says...) {
				t.Errorf("%v, want an error that has %q\n%s", err, test.says, output)
			}
			once(t, output, "Error: ", 1)
			secrets{"user:password", publicKey(9)}.notIn(t, "the error", strings.Replace(output, "Importing from ID \""+test.id+"\"", "", 1))
		})
	}
}

// dsnOf is a DSN as GitLab.com prints it.
func dsnOf(key string, projectID int64) string {
	return errortracking.DSN{
		Scheme: "https", PublicKey: key, Host: "observe.gitlab.com", Port: 443, Path: "/errortracking/api/v1/projects", ProjectID: projectID,
	}.String()
}
