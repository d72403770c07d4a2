package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/google/go-cmp/cmp"
)

// TestMatrix lets each operation of Terraform meet each fault of GitLab, or of the network before it, in the request
// that the operation is about. Each cell ends as the matrix says, and then three things hold: the state is what GitLab
// has, no key is forgotten there, and no secret is in any output or file. When the fault is over, the same command
// does what failed, and a destroy leaves nothing behind.
func TestMatrix(t *testing.T) {
	t.Parallel()
	seeds := map[string]seed{}
	for _, o := range matrixOperations {
		if _, ok := seeds[o.seed]; !ok {
			seeds[o.seed] = plant(t, o.seed)
		}
	}
	for _, f := range matrix {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			for _, operation := range matrixOperations {
				c := cell{matrixOperation: operation, fault: f.fault, end: f.ends.of(operation.name)}
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					c.run(t, seeds[c.seed])
				})
			}
		})
	}
}

// faulty is a row of the matrix: a fault, and how each operation ends that meets it. A fault without Times stays, however
// often a request is repeated; the provider of the matrix repeats it once. What the access layer makes of every other fault
// is shown there: to Terraform all are errors like one of these.
type faulty struct {
	name  string
	fault gitlabsim.Fault
	ends  ends
}

// ends are how the operations end: on settings, on a client key, and the search for a project by its path.
type ends struct {
	settingsCreate, settingsRead, settingsUpdate, settingsDestroy, settingsImport end
	keyCreate, keyRead, keyDestroy, keyImport                                     end
	projectFind                                                                   end
}

func (e ends) of(operation string) end {
	return map[string]end{
		"settings create": e.settingsCreate, "settings read": e.settingsRead, "settings update": e.settingsUpdate,
		"settings destroy": e.settingsDestroy, "settings import": e.settingsImport,
		"key create": e.keyCreate, "key read": e.keyRead, "key destroy": e.keyDestroy, "key import": e.keyImport,
		"project find": e.projectFind,
	}[operation]
}

// end is how an operation ends. The zero value is: well.
type end struct {
	says string // in the error or warning
	// An operation fails: the state stays as it was, and so does GitLab.
	fails bool
	// An operation ends well, but its object stays in the state as it was (kept), or goes from there without having gone
	// from GitLab (believed), because that is all that the answer tells.
	kept, believed bool
}

// The ends of operations that end well.
var (
	found    = end{says: "Client key recovered"}
	kept     = end{says: "Project no longer visible", kept: true}
	gone     = end{says: "taken as gone with the project", believed: true}
	believed = end{believed: true}
)

// The ends of operations that fail, by the cause that the error names.
var (
	unclear     = fails("GitLab can create a client key and still answer with an error")
	unreachable = fails("GitLab could not be reached, or the connection broke")
	noRole      = fails("The token's user has no sufficient role in the project")
	noProject   = fails("There is no such project, or the token's user is no member of it")
	noSettings  = fails("The project has no error tracking settings")
	flagOff     = fails("The feature flag integrated_error_tracking is off for the project")
	unknown     = fails("The provider does not know this answer")
)

func fails(says string) end { return end{says: says, fails: true} }

// allEnd returns the ends where all operations end in one way.
func allEnd(e end) ends { return ends{e, e, e, e, e, e, e, e, e, e} }

// with returns the ends with a change.
func (e ends) with(change func(*ends)) ends {
	change(&e)
	return e
}

var matrix = []faulty{
	{"500 after the work, once", gitlabsim.Fault{Status: 500, After: true, Times: 1}, ends{keyCreate: found}},
	{"reset before the work", gitlabsim.Fault{Drop: true}, allEnd(unreachable).with(func(e *ends) { e.keyCreate = unclear })},
	{"403", gitlabsim.Fault{Status: 403, Body: `{"message":"403 Forbidden"}`}, allEnd(noRole)},
	{"404 project", gitlabsim.Fault{Status: 404, Body: `{"message":"404 Project Not Found"}`}, allEnd(noProject).with(func(e *ends) {
		e.settingsRead, e.keyRead = kept, kept
		e.settingsDestroy, e.keyDestroy = gone, gone
	})},
	{"404 settings", gitlabsim.Fault{Status: 404, Body: `{"message":"404 Error Tracking Setting Not Found"}`}, allEnd(noSettings).with(func(e *ends) {
		e.settingsRead, e.settingsDestroy = believed, believed
	})},
	{"404 flag", gitlabsim.Fault{Status: 404, Body: `{"message":"404 Not Found"}`}, allEnd(noProject).with(func(e *ends) {
		e.settingsCreate = flagOff
		e.settingsRead, e.keyRead = kept, kept
		e.settingsDestroy, e.keyDestroy = gone, gone
	})},
	{"404 key", gitlabsim.Fault{Status: 404, Body: `{"message":"404 Not found"}`}, allEnd(unknown).with(func(e *ends) { e.keyDestroy = believed })},
}

// matrixOperation is one command of Terraform on one object in acme/web, which has the keys 7 and 8 of somebody else.
type matrixOperation struct {
	name         string
	method, path string // of the request that it is about
	title        title  // of its error
	seed         string // the configuration that was applied before; GitLab has its object
	managed      bool   // and so has the state
	outside      func(*testbed)
	config       string
	command      []string
	leaves       string // the rows of GitLab after it
	object       func(*testbed) object
}

const (
	settingsPath = "/projects/1/error_tracking/settings"
	keysPath     = "/projects/1/error_tracking/client_keys"
	keyPath      = keysPath + "/10"
	findPath     = "/projects/acme%2Fweb"
)

var (
	settingsOn  = settingsConfig("acme/web", "active = true\n  integrated = true")
	settingsOff = settingsConfig("acme/web", "active = false")
	aKey        = clientKeyConfig("acme/web", "")

	apply   = []string{"apply", "-auto-approve"}
	refresh = []string{"apply", "-refresh-only", "-auto-approve"}
	destroy = []string{"destroy", "-auto-approve"}
)

// matrixOperations has the columns of the matrix, in their order.
var matrixOperations = []matrixOperation{
	{name: "settings create", method: "PUT", path: settingsPath, title: unableToSaveSettings,
		config: settingsOn, command: apply, leaves: "settings on, keys 7 8", object: settingsNow},
	{name: "settings read", method: "GET", path: settingsPath, title: unableToReadSettings,
		seed: settingsOn, managed: true, outside: switchOff, config: settingsOn, command: refresh, leaves: "settings off, keys 7 8", object: settingsNow},
	{name: "settings update", method: "PATCH", path: settingsPath, title: unableToSaveSettings,
		seed: settingsOn, managed: true, config: settingsOff, command: apply, leaves: "settings off, keys 7 8", object: settingsNow},
	{name: "settings destroy", method: "PATCH", path: settingsPath, title: unableToResetSettings,
		seed: settingsOn, managed: true, config: settingsOn, command: destroy, leaves: "settings off, keys 7 8"},
	{name: "settings import", method: "GET", path: settingsPath, title: unableToReadSettings,
		seed: settingsOn, config: settingsOn, command: []string{"import", settingsAddress, "acme/web"}, leaves: "settings on, keys 7 8", object: settingsNow},
	{name: "key create", method: "POST", path: keysPath, title: unableToCreateClientKey,
		config: aKey, command: apply, leaves: "no settings, keys 7 8 10", object: key10Now},
	{name: "key read", method: "GET", path: keysPath, title: unableToReadClientKeys,
		seed: aKey, managed: true, outside: changeDSN, config: aKey, command: refresh, leaves: "no settings, keys 7 8 10", object: key10Now},
	{name: "key destroy", method: "DELETE", path: keyPath, title: unableToDeleteClientKey,
		seed: aKey, managed: true, config: aKey, command: destroy, leaves: "no settings, keys 7 8"},
	{name: "key import", method: "GET", path: keysPath, title: unableToReadClientKeys,
		seed: aKey, config: aKey, command: []string{"import", clientKeyAddress, "acme/web:10"}, leaves: "no settings, keys 7 8 10", object: key10Now},
	{name: "project find", method: "GET", path: findPath, title: unableToFindProject,
		config: aKey, command: apply, leaves: "no settings, keys 7 8 10", object: key10Now},
}

func settingsNow(b *testbed) object {
	row, _ := b.Settings(1)
	return settingsObject.with(object{"active": row.Active, "integrated": row.Integrated})
}

func key10Now(b *testbed) object { return b.clientKeyObject("acme/web", 1, 10) }

func switchOff(b *testbed) { b.SetSettings(1, &gitlabsim.Settings{Integrated: true}) }

func changeDSN(b *testbed) { b.SetDSNBaseURL("https://errors.example.com") }

// seed is what an apply made: the GitLab and the state that other tests begin with.
type seed struct {
	gitlab gitlabsim.Scenario
	state  []byte
}

// plant applies a configuration to the GitLab of keyScenario. Without a configuration there is no state.
func plant(t *testing.T, config string) seed {
	t.Helper()
	planted := seed{gitlab: keyScenario()}
	if config == "" {
		return planted
	}
	m := startMatrixBed(t, planted.gitlab, config, 0)
	if output, err := m.run(t, apply...); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if row, ok := m.gitlab.Settings(1); ok {
		planted.gitlab.Projects[0].Settings = &row
	}
	planted.gitlab.Projects[0].ClientKeys = m.gitlab.Keys(1)
	planted.state = m.stateFile(t)
	return planted
}

// matrixBed is a GitLab, and an engine with a provider in the process of the test.
type matrixBed struct {
	gitlab    *testbed
	terraform commandLine
}

// startMatrixBed makes a working folder for a configuration. The timeout is that of one attempt at a request; zero is
// that of the provider. The logs of the engine and of the provider go into the folder.
func startMatrixBed(t *testing.T, scenario gitlabsim.Scenario, config string, timeout time.Duration) matrixBed {
	t.Helper()
	engine, err := enginePath()
	if err != nil {
		t.Fatal(err)
	}
	m := matrixBed{gitlab: startTestbed(t, scenario), terraform: commandLine{engine: engine, folder: t.TempDir()}}
	m.terraform.write(t, "main.tf", requiredProviders+fmt.Sprintf(`
variable "token" {
  sensitive = true
}
variable "gate" {
  sensitive = true
}
provider "gitlab" {
  base_url = %q
  token    = var.token
  headers  = { X-Gate = var.gate }
  retries  = 1
}
`, m.gitlab.URL())+config)
	log, err := os.Create(filepath.Join(m.terraform.folder, "provider.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	m.terraform.env = append(os.Environ(),
		startProvider(t, timeout, log),
		"TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(m.terraform.folder, "engine.log"),
		"TF_VAR_token="+maintainer, "TF_VAR_gate="+gate,
		"TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
	)
	return m
}

// run runs a command, and checks that its output has no secret.
func (m matrixBed) run(t *testing.T, command ...string) (output string, err error) {
	t.Helper()
	arguments := append([]string{command[0], "-no-color", "-input=false"}, command[1:]...)
	output, err = m.terraform.run(t, arguments...)
	secrets{maintainer, gate}.notIn(t, "the output of "+command[0], output)
	return output, err
}

// rows are what GitLab has in acme/web.
func (m matrixBed) rows() string {
	text := "no settings"
	if row, ok := m.gitlab.Settings(1); ok {
		text = "settings off"
		if row.Active {
			text = "settings on"
		}
	}
	text += ", keys"
	for _, key := range m.gitlab.Keys(1) {
		text += fmt.Sprintf(" %d", key.ID)
	}
	return text
}

func (m matrixBed) stateFile(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(m.terraform.folder, "terraform.tfstate"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return text
}

// state returns the objects in the state. A tainted one has an attribute that says so.
func (m matrixBed) state(t *testing.T) []object {
	t.Helper()
	var state struct {
		Resources []struct {
			Instances []struct {
				Status     string `json:"status"`
				Attributes object `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	objects := []object{}
	text := m.stateFile(t)
	if len(text) == 0 {
		return objects
	}
	if err := json.Unmarshal(text, &state); err != nil {
		t.Fatal(err)
	}
	for _, r := range state.Resources {
		for _, i := range r.Instances {
			if i.Status != "" {
				i.Attributes["status"] = i.Status
			}
			objects = append(objects, i.Attributes)
		}
	}
	return objects
}

// cell is one operation that meets one fault.
type cell struct {
	matrixOperation
	fault gitlabsim.Fault
	end   end
}

// run runs the cell.
func (c cell) run(t *testing.T, planted seed) {
	m := startMatrixBed(t, planted.gitlab, c.config, 0)
	if c.managed {
		m.terraform.write(t, "terraform.tfstate", string(planted.state))
	}
	if c.outside != nil {
		c.outside(m.gitlab)
	}
	m.gitlab.AddFault(c.met())
	rowsBefore, stateBefore := m.rows(), m.state(t)
	others := keysOutside(stateBefore, m.gitlab.Keys(1))

	output, err := m.run(t, c.command...)
	if (err != nil) != c.end.fails {
		t.Errorf("%s ended with %v\n%s", c.command[0], err, output)
	}
	if !says(c.message()...).MatchString(output) {
		t.Errorf("the output does not say %q\n%s", c.message(), output)
	}
	switch {
	case c.end.fails, c.end.kept:
		m.holds(t, rowsBefore, stateBefore)
	case c.end.believed:
		m.holds(t, rowsBefore, []object{})
	default:
		m.holds(t, c.leaves, c.state(m))
	}
	for _, id := range keysOutside(m.state(t), m.gitlab.Keys(1)) {
		named := strings.Contains(output, fmt.Sprintf("lient key %d", id))
		gitlabDenies := c.end.believed && c.end.says == ""
		if !slices.Contains(others, id) && !named && !gitlabDenies {
			t.Errorf("nothing tells of key %d, which GitLab has\n%s", id, output)
		}
	}

	m.gitlab.ClearFaults()
	if c.end.fails {
		if output, err := m.run(t, c.command...); err != nil {
			t.Errorf("without the fault %s ended with %v\n%s", c.command[0], err, output)
		}
		m.holds(t, c.leaves, c.state(m))
	}
	if len(m.state(t)) > 0 {
		if output, err := m.run(t, destroy...); err != nil {
			t.Errorf("the destroy in the end ended with %v\n%s", err, output)
		}
	}
	if rows := m.rows(); !c.end.believed && rows != "no settings, keys 7 8" && rows != "settings off, keys 7 8" {
		t.Errorf("the destroy in the end leaves %s", rows)
	}
	files := secrets{maintainer, gate}.notInFolder(t, m.terraform.folder)
	for name, text := range map[string]string{"engine.log": "[TRACE]", "provider.log": `"tf_rpc":"ConfigureProvider"`} {
		if !strings.Contains(files[name], text) {
			t.Errorf("%s does not have %q", name, text)
		}
	}
}

// met is the fault as GitLab has it.
func (c cell) met() gitlabsim.Fault {
	fault := c.fault
	fault.Method, fault.Path = c.method, c.path
	return fault
}

// message is what the output says, in this order.
func (c cell) message() []string {
	if !c.end.fails {
		return []string{c.end.says}
	}
	answered := "did not answer"
	if c.fault.Status != 0 {
		answered = fmt.Sprintf("answered %d %s to", c.fault.Status, http.StatusText(c.fault.Status))
	}
	return []string{"Error: " + c.title.text, "Project acme/web: GitLab at", answered + " " + c.method + " /api/v4" + c.path, c.end.says}
}

// state is what the state holds when the operation ends well.
func (c cell) state(m matrixBed) []object {
	if c.object == nil {
		return []object{}
	}
	return []object{c.object(m.gitlab)}
}

// holds checks GitLab's rows and the state.
func (m matrixBed) holds(t *testing.T, rows string, state []object) {
	t.Helper()
	if got := m.rows(); got != rows {
		t.Errorf("GitLab has %s, want %s", got, rows)
	}
	if diff := cmp.Diff(jsonText(state), jsonText(m.state(t))); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
}

// keysOutside returns the IDs of the keys that a state does not have.
func keysOutside(state []object, keys []gitlabsim.ClientKey) []int64 {
	var ids []int64
	for _, key := range keys {
		inState := func(o object) bool { return fmt.Sprint(o["key_id"]) == fmt.Sprint(key.ID) }
		if !slices.ContainsFunc(state, inState) {
			ids = append(ids, key.ID)
		}
	}
	return ids
}
