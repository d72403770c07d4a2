package provider

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// The plan of a destroy, a removed block or a shrunk count names each object that will be forgotten, because the token cannot
// see its project, and it asks once a project where no refresh has.
func TestVisibility_destroy(t *testing.T) {
	t.Parallel()
	const counted = `
resource "gitlab_error_tracking_client_key" "test" {
  count   = 3
  project = "1"
}
`
	whole := settingsConfig("acme/web", "active = true") + counted
	// The GitLab and the state of one apply, for all.
	first := startTestbed(t, twoProjects())
	applied := newCommandLine(t, first, whole)
	for n := range 3 {
		id := first.AddKey(1).ID
		applied.succeeds(t, "import", fmt.Sprintf("%s[%d]", clientKeyAddress, n), fmt.Sprintf("1:%d", id))
	}
	applied.succeeds(t, "apply", "-auto-approve")
	state, planted := applied.stateFile(t), twoProjects()
	planted.Projects[0].ClientKeys = first.Keys(1)
	planted.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
	for name, test := range map[string]struct {
		rest    string // of the configuration
		options []string
		objects []string
	}{
		"destroy":                     {whole, []string{"-destroy"}, []string{"1:1", "1:2", "1:3", "settings"}},
		"destroy without refresh":     {whole, []string{"-destroy", "-refresh=false"}, []string{"1:1", "1:2", "1:3", "settings"}},
		"removed":                     {"", nil, []string{"1:1", "1:2", "1:3", "settings"}},
		"removed without refresh":     {"", []string{"-refresh=false"}, []string{"1:1", "1:2", "1:3", "settings"}},
		"shrunk count":                {settingsConfig("acme/web", "active = true") + strings.Replace(counted, "= 3", "= 2", 1), nil, []string{"1:3"}},
		"destroy without its objects": {"", []string{"-destroy"}, []string{"1:1", "1:2", "1:3", "settings"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gitlab := startTestbed(t, planted)
			terraform := newCommandLine(t, gitlab, test.rest)
			terraform.write(t, "terraform.tfstate", string(state))
			if output := terraform.succeeds(t, append([]string{"plan"}, test.options...)...); strings.Contains(output, willBeForgotten) {
				t.Errorf("a visible project is forgotten:\n%s", output)
			}
			gitlab.SetRole(maintainer, 1, "")
			gitlab.ClearRequests()
			output := terraform.succeeds(t, append([]string{"plan", "-out=saved.tfplan"}, test.options...)...)
			// Terraform folds equal warnings: the details name the rest.
			if !hasInOrder(output, "Warning: "+willBeForgotten, "Project", "404 Project Not Found", "from the state and delete nothing in GitLab", "plan again") {
				t.Errorf("the plan does not warn:\n%s", output)
			}
			warned := strings.Join(gitlab.warnings.take(), "\n")
			for _, object := range test.objects {
				want := "remove client key " + object + " from the state"
				if object == "settings" {
					want = "remove the error tracking settings of project acme/web from the state"
				}
				// Before it destroys what has no configuration, Terraform plans it twice.
				if got := strings.Count(warned, want); got != 1 && (got != 2 || test.rest != "" || test.options == nil) {
					t.Errorf("%d warnings say %q:\n%s", got, want, warned)
				}
			}
			looks := 0
			for _, line := range gitlab.requests() {
				if strings.HasSuffix(line, "/settings") {
					looks++
				}
			}
			if slices.Contains(test.options, "-refresh=false") && looks != 1 {
				t.Errorf("the plan looked %d times at the project: %q", looks, gitlab.requests())
			}
			keys := gitlab.keyIDs(1)
			terraform.succeeds(t, "apply", "saved.tfplan")
			if left := len(terraform.objectsInState(t)); left != 4-len(test.objects) || len(gitlab.keyIDs(1)) != len(keys) {
				t.Errorf("the state has %d objects, GitLab the keys %v", left, gitlab.keyIDs(1))
			}
		})
	}
}

// Settings that a destroy leaves as they are need no sight.
func TestVisibility_nothingToReset(t *testing.T) {
	t.Parallel()
	scenario := twoProjects()
	scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
	gitlab := startTestbed(t, scenario)
	terraform := newCommandLine(t, gitlab, settingsConfig("1", "active = true"))
	terraform.succeeds(t, "import", settingsAddress, "1")
	gitlab.SetRole(maintainer, 1, "")
	gitlab.ClearRequests()
	if output := terraform.succeeds(t, "apply", "-destroy", "-auto-approve", "-refresh=false"); strings.Contains(output, "Warning: ") {
		t.Errorf("the destroy warns:\n%s", output)
	}
	if requests := gitlab.requests(); len(requests) > 0 {
		t.Errorf("the destroy asked %q", requests)
	}
}

// A replacement in a project that the token cannot see is refused, by ID and without a refresh too, with one look; so is that
// of a tainted object after a refresh. A new key in a project that was not seen yet is planned.
func TestVisibility_replacement(t *testing.T) {
	t.Parallel()
	for _, project := range []string{"1", "acme/web", "Acme%2FWeb"} {
		for name, options := range map[string][]string{
			"replace":                   {"-replace=" + clientKeyAddress},
			"replace without refresh":   {"-replace=" + clientKeyAddress, "-refresh=false"},
			"keepers":                   {},
			"keepers without a refresh": {"-refresh=false"},
			"tainted":                   {},
		} {
			t.Run(name+" "+project, func(t *testing.T) {
				t.Parallel()
				gitlab := startTestbed(t, twoProjects())
				config := func(rotated string) string {
					return clientKeyConfig(project, `keepers = { rotated = "`+rotated+`" }`)
				}
				terraform := newCommandLine(t, gitlab, config("1"))
				terraform.succeeds(t, "apply", "-auto-approve")
				if strings.HasPrefix(name, "keepers") {
					terraform.write(t, "main.tf", requiredProviders+config("2"))
				}
				if name == "tainted" {
					terraform.succeeds(t, "taint", clientKeyAddress)
				}
				if output := terraform.succeeds(t, append([]string{"plan"}, options...)...); !strings.Contains(output, "1 to add, 0 to change, 1 to destroy") {
					t.Fatalf("no replacement is planned:\n%s", output)
				}
				gitlab.SetRole(maintainer, 1, "")
				terraform.fails(t, []string{"Error: Unable to create or replace resource", "Project " + project + ": The token cannot see the project", "Nothing was changed"},
					append([]string{"apply", "-auto-approve"}, options...)...)
				if keys := terraform.keysInState(t); len(keys) != 1 {
					t.Errorf("the state has the keys %v", keys)
				}
			})
		}
	}
}

// Terraform plans the destruction of a create_before_destroy replacement once more while it applies. That must neither ask
// GitLab anything nor count as a refresh: another resource, whose project is unknown until the apply, is stopped with the
// provider's own words as ever.
func TestApply_plansADeposedKeyWithoutALook(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.4")
	needsPOSIX(t)
	config := func(rotated, project, command string) string {
		return clientKeyConfig("1", `keepers = { a = "`+rotated+`" }`+"\n  lifecycle { create_before_destroy = true }") +
			"resource \"terraform_data\" \"project\" {\n  input = \"" + project + "\"\n  triggers_replace = \"" + project + "\"\n  provisioner \"local-exec\" {\n    command = \"" + command + "\"\n  }\n}\n" +
			strings.ReplaceAll(clientKeyConfig("X", ""), `"test"`, `"other"`)
	}
	fill := func(s string) string { return strings.ReplaceAll(s, `"X"`, "terraform_data.project.output") }
	deleted := &methodSeen{method: http.MethodDelete, seen: make(chan struct{})}
	gitlab := startTestbedWith(t, twoProjects(), gitlabsim.Options{Log: deleted})
	terraform := newCommandLine(t, gitlab, fill(config("1", "acme/web", "true")))
	terraform.succeeds(t, "init")
	terraform.succeeds(t, "apply", "-auto-approve")
	// The project of the other key is known only once the old key is deleted.
	held := filepath.Join(terraform.folder, "held")
	if output, err := exec.CommandContext(t.Context(), "mkfifo", held).CombinedOutput(); err != nil {
		t.Fatalf("mkfifo: %v %s", err, output)
	}
	go func() {
		<-deleted.seen
		_ = os.WriteFile(held, nil, 0o600) // which lets the command read
	}()
	terraform.write(t, "main.tf", requiredProviders+fill(config("2", "acme/shop", "cat held")))
	output, err := terraform.run(t, "apply", "-auto-approve")
	if err == nil || strings.Contains(output, "bug in the provider") || !strings.Contains(output, differentProject) {
		t.Errorf("%v\n%s", err, output)
	}
}

// methodSeen is a log that reports the first request with a method.
type methodSeen struct {
	method string
	once   sync.Once
	seen   chan struct{}
}

func (m *methodSeen) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(strconv.Quote(m.method))) {
		m.once.Do(func() { close(m.seen) })
	}
	return len(line), nil
}

// An apply that rotates a key with create_before_destroy asks nothing of the settings.
func TestApply_rotationAsksNoSettings(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	config := func(rotated string) string {
		return clientKeyConfig("1", `keepers = { a = "`+rotated+`" }`+"\n  lifecycle { create_before_destroy = true }")
	}
	terraform := newCommandLine(t, gitlab, config("1"))
	terraform.succeeds(t, "apply", "-auto-approve")
	terraform.write(t, "main.tf", requiredProviders+config("2"))
	terraform.succeeds(t, "plan", "-out=rotation.tfplan")
	gitlab.ClearRequests()
	terraform.succeeds(t, "apply", "rotation.tfplan")
	for _, request := range gitlab.requests() {
		if strings.HasSuffix(request, "/settings") {
			t.Error(request)
		}
	}
}
