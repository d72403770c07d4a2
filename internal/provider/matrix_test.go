package provider

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	gocmp "github.com/google/go-cmp/cmp"
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
				c := cell{matrixOperation: operation, fault: f.fault, end: f.ends[operation.name], heals: f.heals}
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					c.run(t, seeds[c.seed])
				})
			}
		})
	}
}

// faulty is a row of the matrix: a fault, and how the operations end that meet it. A fault without Times stays, however
// often a request is repeated; the provider of the matrix repeats it once. What the access layer makes of every other fault
// is shown there: to Terraform all are errors like one of these.
type faulty struct {
	name  string
	fault gitlabsim.Fault
	ends  ends
	heals bool // whether to repeat what failed without the fault: after any fault the state and GitLab are the same
}

// ends are how operations end, by their names. Those that are not named end well.
type ends map[string]end

// end is how an operation ends. The zero value is: well.
type end struct {
	says  string // the error or warning
	title string // of the error, if it is not the operation's own
	// An operation fails: the state stays as it was, and so does GitLab.
	fails bool
	// An operation ends well, but its object stays in the state as it was (kept), or goes from there without having gone
	// from GitLab (believed), because that is all that the answer says.
	kept, believed bool
}

// The ends of operations that end well.
var (
	recovered = end{says: "Client key recovered"}
	kept      = end{says: "Project no longer visible", kept: true}
	gone      = end{says: "removed from the state", believed: true}
	believed  = end{believed: true}
)

// The ends of operations that fail, by the cause that the error names.
var (
	unclear     = fails("GitLab may have created a client key even though no clear response came")
	unreachable = fails("The connection broke before a response came").titled(unableToReachGitLab)
	noRole      = fails("The token's user needs the Maintainer role in this project")
	noProject   = fails("The project does not exist, or the token cannot see it").titled(unableToFindProject)
	noSettings  = fails("The project has no error tracking settings")
	// GitLab's response is as it should be.
	noneToImport = fails("The project has no error tracking settings, so there is nothing to import")

	flagOff = fails("The feature flag integrated_error_tracking is disabled for the project")
	unknown = fails("The provider does not recognize this response").titled(unexpectedResponse)
)

func fails(says string) end { return end{says: says, fails: true} }

func (e end) titled(title string) end {
	e.title = title
	return e
}

// allEnd returns the ends where all operations end in one way, with exceptions.
func allEnd(e end, except ends) ends {
	all := ends{}
	for _, o := range matrixOperations {
		all[o.name] = e
	}
	maps.Copy(all, except)
	return all
}

var matrix = []faulty{
	{
		name: "500 after the work, once", fault: gitlabsim.Fault{Status: 500, After: true, Times: 1},
		ends: ends{"key create": recovered},
	},
	{
		name: "reset before the work", fault: gitlabsim.Fault{Drop: true},
		ends: allEnd(unreachable, ends{"key create": unclear, "key destroy": unreachable.titled("")}), heals: true,
	},
	{
		name: "403", fault: gitlabsim.Fault{Status: 403, Body: `{"message":"403 Forbidden"}`},
		ends: allEnd(noRole, nil),
	},
	{
		name: "404 project", fault: gitlabsim.Fault{Status: 404, Body: `{"message":"404 Project Not Found"}`},
		ends: allEnd(noProject, ends{"settings read": kept, "key read": kept, "settings destroy": gone, "key destroy": gone}),
	},
	{
		name: "404 settings", fault: gitlabsim.Fault{Status: 404, Body: `{"message":"404 Error Tracking Setting Not Found"}`},
		ends: allEnd(noSettings, ends{"settings read": believed, "settings destroy": believed, "settings import": noneToImport}),
	},
	{
		name: "404 flag", fault: gitlabsim.Fault{Status: 404, Body: `{"message":"404 Not Found"}`},
		ends: allEnd(noProject, ends{
			"settings create": flagOff, "settings read": kept, "key read": kept, "settings destroy": gone, "key destroy": gone,
		}),
	},
	{
		name: "404 key", fault: gitlabsim.Fault{Status: 404, Body: `{"message":"404 Not found"}`},
		ends: allEnd(unknown, ends{"key destroy": believed}),
	},
}

// matrixOperation is one command of Terraform on one object in acme/web, which has the keys 7 and 8 of somebody else.
type matrixOperation struct {
	name         string
	method, path string // of the request that it is about
	title        string // of its error
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
	{name: "settings destroy", method: "PATCH", path: settingsPath, title: unableToApplyOnDestroy,
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
	{name: "project find", method: "GET", path: findPath, title: unableToReadProject,
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
	m := startMatrixBed(t, planted.gitlab, config)
	if output, err := m.run(t, apply...); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if row, ok := m.gitlab.Settings(1); ok {
		planted.gitlab.Projects[0].Settings = &row
	}
	planted.gitlab.Projects[0].ClientKeys = m.gitlab.Keys(1)
	planted.state = m.terraform.stateFile(t)
	return planted
}

// matrixBed is a GitLab and an engine.
type matrixBed struct {
	gitlab    *testbed
	terraform *commandLine
}

func startMatrixBed(t *testing.T, scenario gitlabsim.Scenario, config string) matrixBed {
	t.Helper()
	gitlab := startTestbed(t, scenario)
	terraform := newCommandLine(t, gitlab, fmt.Sprintf(`
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
`, gitlab.URL())+config)
	terraform.env = append(terraform.env, "TF_VAR_token="+maintainer, "TF_VAR_gate="+gate)
	return matrixBed{gitlab: gitlab, terraform: terraform}
}

// run runs a command, and checks that its output has no secret.
func (m matrixBed) run(t *testing.T, command ...string) (output string, err error) {
	t.Helper()
	output, err = m.terraform.run(t, command...)
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

// cell is one operation that meets one fault.
type cell struct {
	matrixOperation
	fault gitlabsim.Fault
	end   end
	heals bool
}

// run runs the cell.
func (c cell) run(t *testing.T, planted seed) {
	m := startMatrixBed(t, planted.gitlab, c.config)
	if c.managed {
		m.terraform.write(t, "terraform.tfstate", string(planted.state))
	}
	if c.outside != nil {
		c.outside(m.gitlab)
	}
	m.gitlab.AddFault(c.met())
	rowsBefore, stateBefore := m.rows(), m.terraform.objectsInState(t)
	others := keysOutside(stateBefore, m.gitlab.Keys(1))

	output, err := m.run(t, c.command...)
	if (err != nil) != c.end.fails {
		t.Errorf("%s ended with %v\n%s", c.command[0], err, output)
	}
	if !hasInOrder(output, c.message()...) {
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
	for _, id := range keysOutside(m.terraform.objectsInState(t), m.gitlab.Keys(1)) {
		named := strings.Contains(output, fmt.Sprintf("lient key %d", id))
		gitlabDenies := c.end.believed && c.end.says == ""
		if !slices.Contains(others, id) && !named && !gitlabDenies {
			t.Errorf("nothing mentions key %d, which GitLab has\n%s", id, output)
		}
	}

	secrets{maintainer, gate}.notInFolder(t, m.terraform.folder)
	if c.end.fails && !c.heals {
		return
	}

	m.gitlab.ClearFaults()
	if c.end.fails {
		if output, err := m.run(t, c.command...); err != nil {
			t.Errorf("without the fault %s ended with %v\n%s", c.command[0], err, output)
		}
		m.holds(t, c.leaves, c.state(m))
	}
	if len(m.terraform.objectsInState(t)) > 0 {
		if output, err := m.run(t, destroy...); err != nil {
			t.Errorf("the destroy in the end ended with %v\n%s", err, output)
		}
	}
	// A destroy leaves imported settings as they are.
	if rows := m.rows(); !c.end.believed && rows != "no settings, keys 7 8" && rows != "settings off, keys 7 8" && c.name != "settings import" {
		t.Errorf("the destroy in the end leaves %s", rows)
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
	if c.end == noneToImport {
		return []string{"Error: " + c.title, "Project acme/web: " + c.end.says}
	}
	answered := "did not respond to"
	if c.fault.Status != 0 {
		answered = fmt.Sprintf("returned %d %s for", c.fault.Status, http.StatusText(c.fault.Status))
	}
	return []string{"Error: " + cmp.Or(c.end.title, c.title), "Project acme/web: GitLab at", answered + " " + c.method + " /api/v4" + c.path, c.end.says}
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
	if diff := gocmp.Diff(jsonText(state), jsonText(m.terraform.objectsInState(t))); diff != "" {
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
