package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// ephemeralKeyConfig hands the DSN of a key to a command, which writes it into a file.
func ephemeralKeyConfig(file, arguments string) string {
	return fmt.Sprintf(`
ephemeral "gitlab_error_tracking_client_key" "test" {
  %s
}

resource "terraform_data" "deploy" {
  provisioner "local-exec" {
    command = "printf %%s \"$SENTRY_DSN\" >%s"
    environment = {
      SENTRY_DSN = ephemeral.gitlab_error_tracking_client_key.test.sentry_dsn
    }
  }
}
`, arguments, filepath.ToSlash(file))
}

func TestClientKeyEphemeral(t *testing.T) {
	t.Parallel()
	needsPOSIX(t)
	needsEngine(t, "1.11")
	for name, test := range map[string]struct {
		arguments string
		key       int64
		given     bool // the configuration has the key
	}{
		"the oldest active key": {arguments: `project = "acme/web"`, key: 7},
		"by ID":                 {arguments: "project = \"1\"\n  key_id = 8", key: 8},
		"by the key":            {arguments: fmt.Sprintf("project = \"1\"\n  public_key = %q", publicKey(8)), key: 8, given: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, inactiveScenario())
			file := filepath.Join(t.TempDir(), "dsn")
			terraform := newCommandLine(t, gitlab, ephemeralKeyConfig(file, test.arguments))
			plan := terraform.succeeds(t, "plan", "-out=saved.tfplan")
			apply := terraform.succeeds(t, "apply", "saved.tfplan")
			shown := terraform.succeeds(t, "show", "-json") + terraform.succeeds(t, "show", "-json", "saved.tfplan")

			dsn, err := os.ReadFile(file)
			if want := gitlab.DSN(1, publicKey(test.key)); err != nil || string(dsn) != want {
				t.Fatalf("the command got the DSN %q, want %q: %v", dsn, want, err)
			}
			hidden := secrets{string(dsn)}
			if !test.given {
				hidden = append(hidden, publicKey(test.key))
				hidden.notInFolder(t, terraform.folder)
				hidden.notIn(t, "show", shown)
			}
			hidden.notIn(t, "an output", plan+apply)
			if writes := gitlab.writes(); len(writes) > 0 {
				t.Errorf("the ephemeral resource wrote: %q", writes)
			}
		})
	}
}

// A key that the same run makes is read once it exists, where its ID says which one it is.
func TestClientKeyEphemeral_ofNewKey(t *testing.T) {
	t.Parallel()
	needsPOSIX(t)
	needsEngine(t, "1.11")
	gitlab := startTestbed(t, twoProjects())
	file := filepath.Join(t.TempDir(), "dsn")
	terraform := newCommandLine(t, gitlab, clientKeyConfig("acme/web", "")+
		ephemeralKeyConfig(file, "project = gitlab_error_tracking_client_key.test.project\n  key_id = gitlab_error_tracking_client_key.test.key_id"))
	terraform.succeeds(t, "apply", "-auto-approve")
	dsn, err := os.ReadFile(file)
	keys := gitlab.Keys(1)
	if err != nil || len(keys) != 1 || string(dsn) != gitlab.DSN(1, keys[0].PublicKey) {
		t.Fatalf("the command got the DSN %q: %v", dsn, err)
	}
	terraform.changesNothing(t)
}

func TestClientKeyEphemeral_fails(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.11")
	for arguments, want := range map[string][]string{
		`project = "/web"`:                                    {"Invalid project"},
		"project = \"1\"\n  key_id = 0":                       {"at least 1"},
		"project = \"1\"\n  key_id = 9":                       {"Client key not found", "Project 1 has no client key 9.", "3 (inactive), 7, 8"},
		"project = \"2\"\n  public_key = \"x\"":               {"Client key not found", "Project 2 has no client key with the given public key."},
		`project = "acme/gone"`:                               {"Unable to find project", "Project acme/gone: ", "404 Project Not Found"},
		`project = "99"`:                                      {"Unable to find project", "Project 99: ", "404 Project Not Found"},
		"key_id = 1\n  public_key = \"x\"\n  project = \"1\"": {"Invalid Attribute Combination"},
	} {
		t.Run(arguments, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, inactiveScenario())
			terraform := newCommandLine(t, gitlab, ephemeralKeyConfig("dsn", arguments))
			terraform.fails(t, want, "plan")
		})
	}
}
