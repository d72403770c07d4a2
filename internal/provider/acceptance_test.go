package provider

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/engine"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// The harness of the tests: the engine, the GitLab of a test, its checks, and the engine by its command line.

// realEnvironment is what names the real GitLab of `make testacc`, before TestMain takes it out of the environment.
var realEnvironment = map[string]string{"GITLAB_BASE_URL": "", "GITLAB_TOKEN": "", "GITLAB_GROUP": ""}

// TestMain gives the test library the namespace of the provider under test, and keeps the user's own settings for
// Terraform and GitLab out of the tests.
func TestMain(m *testing.M) {
	for name := range realEnvironment {
		realEnvironment[name] = os.Getenv(name)
	}
	for name, value := range map[string]string{
		"TF_ACC_PROVIDER_NAMESPACE": Namespace,
		"TF_CLI_CONFIG_FILE":        os.DevNull,
		"GITLAB_TOKEN":              "",
		"GITLAB_BASE_URL":           "",
		"GITLAB_EARLY_AUTH_CHECK":   "",
	} {
		if err := os.Setenv(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	// The libraries format each line of their log before they find out that nobody reads it.
	if os.Getenv("TF_LOG") == "" {
		for _, name := range libraryLogs {
			if err := os.Setenv(name, "off"); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}
	resource.AddTestSweepers("projects", &resource.Sweeper{
		Name: "projects",
		F:    func(string) error { return newRealGitLab(realEnvironment).sweep() },
	})
	resource.TestMain(testRun{m})
}

// libraryLogs are the environment variables with the log levels of the libraries that the provider is made with.
var libraryLogs = []string{"TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK"}

// testRun runs the tests unless -sweep asks for the sweepers.
type testRun struct{ *testing.M }

func (r testRun) Run() int {
	if err := useEngine(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	status := r.M.Run()
	for _, lacking := range slices.Sorted(maps.Keys(skips.lacking)) {
		fmt.Printf("%d skipped: they need %s, and this is %s\n", skips.lacking[lacking], lacking, testEngine)
	}
	if builtFolder != "" {
		_ = os.RemoveAll(builtFolder)
	}
	return status
}

// testEngine is the Terraform or OpenTofu that the tests run on.
var testEngine engine.Engine

// useEngine makes the test library use the engine. OpenTofu has a registry of its own, which is the host of a provider
// address without one.
func useEngine() (err error) {
	if testEngine, err = engine.Find(context.Background(), os.Stderr); err != nil {
		return err
	}
	if testEngine.Product == engine.OpenTofu {
		if err := os.Setenv("TF_ACC_PROVIDER_HOST", "registry.opentofu.org"); err != nil {
			return err
		}
	}
	return os.Setenv(engine.Variable, testEngine.Path)
}

// needsEngine skips a test on engines below a version. Every engine meets an empty one.
func needsEngine(t *testing.T, least string) {
	t.Helper()
	if least != "" && !testEngine.AtLeast(least) {
		skip(t, "Terraform "+least)
	}
}

// needsActions skips a test on engines without actions, which only Terraform has, and on older ones.
func needsActions(t *testing.T, least string) {
	t.Helper()
	if testEngine.Product == engine.OpenTofu {
		skip(t, "actions")
	}
	needsEngine(t, least)
}

// needsPOSIX skips a test on Windows, which has neither a POSIX shell nor interrupts for other processes.
func needsPOSIX(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a POSIX system")
	}
}

// skips counts the tests that the engine lacks something for, by what that is.
var skips = struct {
	sync.Mutex
	lacking map[string]int
}{lacking: map[string]int{}}

// skip skips a test that the engine lacks something for.
func skip(t *testing.T, lacking string) {
	t.Helper()
	skips.Lock()
	skips.lacking[lacking]++
	skips.Unlock()
	t.Skipf("needs %s, and this is %s", lacking, testEngine)
}

// maintainer is the token of a Maintainer in all projects.
const maintainer = "glpat-maintainer-token"

// twoProjects is the GitLab that most tests begin with: acme/web (1) and acme/shop (2), without settings and keys.
func twoProjects() gitlabsim.Scenario {
	return gitlabsim.Scenario{
		Tokens:   []gitlabsim.Token{{Token: maintainer, Roles: map[string]string{"*": "maintainer"}}},
		Projects: []gitlabsim.Project{{ID: 1, Path: "acme/web"}, {ID: 2, Path: "acme/shop"}},
	}
}

// testbed is one test's own GitLab and provider.
type testbed struct {
	*gitlabsim.Server
	warnings *warnings
}

// startTestbed starts a GitLab that ends with the test.
func startTestbed(t *testing.T, s gitlabsim.Scenario) *testbed {
	t.Helper()
	return startTestbedWith(t, s, gitlabsim.Options{})
}

func startTestbedWith(t *testing.T, s gitlabsim.Scenario, options gitlabsim.Options) *testbed {
	t.Helper()
	server, err := gitlabsim.Start(s, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return &testbed{Server: server, warnings: &warnings{}}
}

// run runs an acceptance test against the testbed on the engine of the environment.
func (b *testbed) run(t *testing.T, c resource.TestCase) {
	t.Helper()
	c.ProtoV6ProviderFactories = b.factories()
	resource.UnitTest(t, c)
}

// factories makes the provider for the test library.
func (b *testbed) factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		TypeName: func() (tfprotov6.ProviderServer, error) { return b.newProvider(os.Getenv) },
	}
}

// newProvider makes the provider as it is released, but without waits before the repetition of a request.
func (b *testbed) newProvider(getenv func(string) string) (tfprotov6.ProviderServer, error) {
	p := &gitlabProvider{version: "test", getenv: getenv}
	p.options.Pause = func(time.Duration) time.Duration { return 0 }
	return &warningRecorder{server: newServer(p), warnings: b.warnings}, nil
}

// config puts the provider block of the testbed before an HCL text.
func (b *testbed) config(hcl string) string {
	return providerBlock(b.URL(), maintainer) + hcl
}

func providerBlock(baseURL, token string) string {
	return requiredProviders + fmt.Sprintf("provider \"gitlab\" {\n  base_url = %q\n  token    = %q\n}\n", baseURL, token)
}

// requiredProviders names the provider by its address, as users do.
const requiredProviders = `
terraform {
  required_providers {
    gitlab = { source = "` + Namespace + "/" + TypeName + `" }
  }
}
`

// requests lists the requests since the last ClearRequests as "METHOD path", without /api/v4, in the order of the alphabet.
func (b *testbed) requests() []string {
	var lines []string
	for _, r := range b.Requests() {
		lines = append(lines, r.Method+" "+strings.TrimPrefix(r.Path, "/api/v4"))
	}
	slices.Sort(lines)
	return lines
}

// writes lists those of the requests that are no GET.
func (b *testbed) writes() []string {
	return slices.DeleteFunc(b.requests(), func(line string) bool { return strings.HasPrefix(line, "GET ") })
}

// asked checks the requests since the last ClearRequests, and clears them.
func (b *testbed) asked(want ...string) resource.TestCheckFunc {
	return b.check(func() error { return b.compare(b.requests(), want) })
}

// wrote checks the writing requests since the last ClearRequests, and clears them.
func (b *testbed) wrote(want ...string) resource.TestCheckFunc {
	return b.check(func() error { return b.compare(b.writes(), want) })
}

func (b *testbed) compare(got, want []string) error {
	b.ClearRequests()
	slices.Sort(want)
	if diff := gocmp.Diff(want, got, gocmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
		return fmt.Errorf("requests (-want +got):\n%s", diff)
	}
	return nil
}

// hasSettings checks GitLab's settings row of a project.
func (b *testbed) hasSettings(project int64, active, integrated bool) resource.TestCheckFunc {
	return b.check(func() error {
		row, ok := b.Settings(project)
		if !ok || row.Active != active || row.Integrated != integrated {
			return fmt.Errorf("settings of project %d in GitLab: %+v (there: %t), want active %t, integrated %t", project, row, ok, active, integrated)
		}
		return nil
	})
}

// hasKeys checks the IDs of GitLab's client keys of a project.
func (b *testbed) hasKeys(project int64, want ...int64) resource.TestCheckFunc {
	return b.check(func() error {
		got := []int64{}
		for _, k := range b.Keys(project) {
			got = append(got, k.ID)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("client keys of project %d in GitLab: %v, want %v", project, got, want)
		}
		return nil
	})
}

func (b *testbed) check(f func() error) resource.TestCheckFunc {
	return func(*terraform.State) error { return f() }
}

// warned checks that a warning with each text was given since the start, and forgets all.
func (b *testbed) warned(texts ...string) resource.TestCheckFunc {
	return b.check(func() error {
		all := b.warnings.take()
		for _, text := range texts {
			if !slices.ContainsFunc(all, func(w string) bool { return strings.Contains(w, text) }) {
				return fmt.Errorf("no warning with %q among %q", text, all)
			}
		}
		return nil
	})
}

// warnings collects what the provider warned of.
type warnings struct {
	mu  sync.Mutex
	all []string
}

func (w *warnings) add(diags []*tfprotov6.Diagnostic) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityWarning {
			w.all = append(w.all, d.Summary+"\n"+d.Detail)
		}
	}
}

func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.all
	w.all = nil
	return all
}

// warningRecorder keeps the warnings that an engine would only print.
type warningRecorder struct {
	server
	warnings *warnings
}

func (r *warningRecorder) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := r.server.ReadResource(ctx, req)
	if err == nil {
		r.warnings.add(resp.Diagnostics)
	}
	return resp, err
}

func (r *warningRecorder) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := r.server.PlanResourceChange(ctx, req)
	if err == nil {
		r.warnings.add(resp.Diagnostics)
	}
	return resp, err
}

func (r *warningRecorder) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := r.server.ApplyResourceChange(ctx, req)
	if err == nil {
		r.warnings.add(resp.Diagnostics)
	}
	return resp, err
}

func (r *warningRecorder) ListResource(ctx context.Context, req *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	stream, err := r.server.ListResource(ctx, req)
	if err != nil {
		return stream, err
	}
	results := stream.Results
	stream.Results = func(push func(tfprotov6.ListResourceResult) bool) {
		for result := range results {
			r.warnings.add(result.Diagnostics)
			if !push(result) {
				return
			}
		}
	}
	return stream, nil
}

// object is a resource or data source in the state, with all its attributes.
type object map[string]any

// with returns the object with some attributes changed.
func (o object) with(changes object) object {
	o = maps.Clone(o)
	maps.Copy(o, changes)
	return o
}

func jsonText(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// expectError matches an error that has the given texts in their order, whatever the engine does to their line breaks.
func expectError(texts ...string) *regexp.Regexp {
	var parts []string
	for _, text := range texts {
		var words []string
		for word := range strings.FieldsSeq(text) {
			words = append(words, regexp.QuoteMeta(word))
		}
		parts = append(parts, strings.Join(words, `[\s│|]+`))
	}
	return regexp.MustCompile(`(?s)` + strings.Join(parts, `.*`))
}

// hasInOrder reports whether an output has the given texts in their order.
func hasInOrder(output string, texts ...string) bool {
	return expectError(texts...).MatchString(output)
}

// commandLine is an engine in a working folder of a test. Its provider runs in the process of the test and sees the
// environment of the engine.
type commandLine struct {
	engine    string
	folder    string
	env       []string          // of the next command
	overrides map[string]string // the folders of providers' programs, by address

	mu      sync.Mutex
	running []string // the environment of the current command
}

// newCommandLine writes a configuration, without provider block, into a folder of the test. The provider stands in for
// those at the further addresses too: an engine asks for each provider that a state names.
func newCommandLine(t *testing.T, gitlab *testbed, config string, standsIn ...string) *commandLine {
	t.Helper()
	c := &commandLine{engine: testEngine.Path, folder: t.TempDir(), overrides: map[string]string{}}
	c.write(t, "main.tf", requiredProviders+config)
	c.env = append(os.Environ(),
		"TF_REATTACH_PROVIDERS="+gitlab.serve(t, c.getenv, append([]string{Namespace + "/" + TypeName}, standsIn...)),
		"GOMAXPROCS=1", // An engine mostly starts up and waits, which more processors only make dearer.
		"TF_IN_AUTOMATION=1", "TF_INPUT=0", "TF_CLI_ARGS=-no-color", "CHECKPOINT_DISABLE=1",
		"GITLAB_BASE_URL="+gitlab.URL(), "GITLAB_TOKEN="+maintainer,
	)
	return c
}

// serve runs the provider until the test ends, and returns with what an engine uses it at the given addresses.
func (b *testbed) serve(t *testing.T, getenv func(string) string, addresses []string) string {
	t.Helper()
	server, err := b.newProvider(getenv)
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	started, ended := make(chan *plugin.ReattachConfig), make(chan struct{})
	go func() {
		if err := tf6server.Serve(Address, func() tfprotov6.ProviderServer { return server },
			tf6server.WithDebug(ctx, started, ended), tf6server.WithGoPluginLogger(hclog.NewNullLogger()), tf6server.WithLoggingSink(t)); err != nil {
			panic(err) // of the options above
		}
	}()
	t.Cleanup(func() { end(); <-ended })
	at := <-started
	reattach := map[string]object{}
	for _, address := range addresses {
		if strings.Count(address, "/") == 1 {
			address = cmp.Or(os.Getenv("TF_ACC_PROVIDER_HOST"), Hostname) + "/" + address
		}
		reattach[address] = object{
			"Protocol": at.Protocol, "ProtocolVersion": at.ProtocolVersion, "Pid": at.Pid, "Test": true,
			"Addr": object{"Network": at.Addr.Network(), "String": at.Addr.String()},
		}
	}
	return jsonText(reattach)
}

// getenv is what the provider sees of the environment.
func (c *commandLine) getenv(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range slices.Backward(c.running) {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			return value
		}
	}
	return ""
}

// startProvider makes the engine start the built provider as a program of its own, as it does for users.
func (c *commandLine) startProvider(t *testing.T) {
	t.Helper()
	program, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	c.overrideProviders(t, map[string]string{Namespace + "/" + TypeName: filepath.Dir(program)})
	c.env = append(c.env, "TF_REATTACH_PROVIDERS=")
	for _, name := range libraryLogs {
		c.env = append(c.env, name+"=")
	}
}

// overrideProviders makes the engine take the programs of providers from the given folders.
func (c *commandLine) overrideProviders(t *testing.T, folders map[string]string) {
	t.Helper()
	maps.Copy(c.overrides, folders)
	var overrides strings.Builder
	for address, folder := range c.overrides {
		fmt.Fprintf(&overrides, "    %q = %q\n", address, filepath.ToSlash(folder))
	}
	c.write(t, "cli.tfrc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n%s  }\n  direct {}\n}\n", overrides.String()))
	c.env = append(c.env, "TF_CLI_CONFIG_FILE="+filepath.Join(c.folder, "cli.tfrc"))
}

// write writes a file into the working folder.
func (c *commandLine) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// command is the engine with the given arguments.
func (c *commandLine) command(ctx context.Context, arguments ...string) *exec.Cmd {
	return c.program(ctx, c.engine, arguments...)
}

// program is a program in the working folder, with what the engine needs in its environment.
func (c *commandLine) program(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, arguments...)
	cmd.Dir, cmd.Env = c.folder, slices.Clone(c.env)
	c.mu.Lock()
	c.running = cmd.Env
	c.mu.Unlock()
	return cmd
}

// run runs the engine to its end and returns what it printed.
func (c *commandLine) run(t *testing.T, arguments ...string) (output string, err error) {
	t.Helper()
	text, err := c.command(t.Context(), arguments...).CombinedOutput()
	return string(text), err
}

// succeeds runs the engine and returns what it printed; an error ends the test.
func (c *commandLine) succeeds(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := c.run(t, arguments...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", arguments, err, output)
	}
	return output
}

// fails runs the engine and checks that it fails with an output that has the given texts in their order, and none
// that blames the provider.
func (c *commandLine) fails(t *testing.T, texts []string, arguments ...string) {
	t.Helper()
	output, err := c.run(t, arguments...)
	if err == nil || !hasInOrder(output, texts...) || strings.Contains(output, "bug in the provider") {
		t.Fatalf("%v: %v, want an error that has %q\n%s", arguments, err, texts, output)
	}
}

// applyTwice applies the configuration, of which nothing is left to do then.
func (c *commandLine) applyTwice(t *testing.T) {
	t.Helper()
	c.succeeds(t, "apply", "-auto-approve")
	c.changesNothing(t)
}

// goesTo applies another configuration, which does what is said ("1 added, 0 changed, 0 destroyed") and leaves nothing to do.
func (c *commandLine) goesTo(t *testing.T, config, does string) (output string) {
	t.Helper()
	c.write(t, "main.tf", requiredProviders+config)
	output = c.succeeds(t, "apply", "-auto-approve")
	if !strings.Contains(output, does) {
		t.Errorf("the apply is not one with %s:\n%s", does, output)
	}
	c.changesNothing(t)
	return output
}

// hasInState checks all attributes of all resources in the state, in the order of their addresses.
func (c *commandLine) hasInState(t *testing.T, want ...object) {
	t.Helper()
	if diff := gocmp.Diff(jsonText(want), jsonText(c.objectsInState(t))); diff != "" {
		t.Errorf("the state (-want +got):\n%s", diff)
	}
}

// passes makes checks that do not look at the state.
func passes(t *testing.T, checks ...resource.TestCheckFunc) {
	t.Helper()
	for _, check := range checks {
		if err := check(nil); err != nil {
			t.Error(err)
		}
	}
}

// destroy destroys all that is in the state.
func (c *commandLine) destroy(t *testing.T) {
	t.Helper()
	c.succeeds(t, "destroy", "-auto-approve")
}

// changesNothing checks that a plan is empty.
func (c *commandLine) changesNothing(t *testing.T) {
	t.Helper()
	if output, err := c.run(t, "plan", "-detailed-exitcode"); err != nil {
		t.Errorf("plan -detailed-exitcode: %v\n%s", err, output)
	}
}

// stateFile returns the text of the state, which is empty when there is none.
func (c *commandLine) stateFile(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.folder, "terraform.tfstate"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return text
}

// objectsInState returns the resources in the state. A tainted one has an attribute that says so.
func (c *commandLine) objectsInState(t *testing.T) []object {
	t.Helper()
	objects := []object{}
	for _, r := range c.readState(t).Resources {
		for _, i := range r.Instances {
			if i.Status != "" {
				i.Attributes["status"] = i.Status
			}
			if r.Mode == "managed" {
				objects = append(objects, i.Attributes)
			}
		}
	}
	return objects
}

// hasDataInState checks all attributes of all data sources in the state, by their addresses without "data.".
func (c *commandLine) hasDataInState(t *testing.T, want map[string]object) {
	t.Helper()
	got := map[string]object{}
	for _, r := range c.readState(t).Resources {
		if r.Mode == "data" {
			got[r.Type+"."+r.Name] = r.Instances[0].Attributes
		}
	}
	if diff := gocmp.Diff(jsonText(want), jsonText(got)); diff != "" {
		t.Errorf("the data sources in the state (-want +got):\n%s", diff)
	}
}

// state is what the tests read of a state file.
type state struct {
	Outputs   map[string]struct{ Value any }
	Resources []struct {
		Mode, Type, Name string
		Instances        []struct {
			Status     string
			Attributes object
		}
	}
}

func (c *commandLine) readState(t *testing.T) (s state) {
	t.Helper()
	if text := c.stateFile(t); len(text) > 0 {
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// keysInState returns the IDs of the client keys in the state, ascending.
func (c *commandLine) keysInState(t *testing.T) []int64 {
	t.Helper()
	keys := []int64{}
	for _, o := range c.objectsInState(t) {
		if id, ok := o["key_id"].(float64); ok {
			keys = append(keys, int64(id))
		}
	}
	slices.Sort(keys)
	return keys
}

// builtProvider returns the path of the provider's program, which is built once and removed by TestMain.
var (
	builtProvider = sync.OnceValues(buildProvider)
	builtFolder   string
)

// executable is the file name of a program.
func executable(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return name
}

func buildProvider() (string, error) {
	folder, err := os.MkdirTemp("", "terraform-provider-gitlab-test-")
	if err != nil {
		return "", err
	}
	builtFolder = folder
	program := filepath.Join(folder, executable(programName))
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", program, "../..").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the provider: %w\n%s", err, out)
	}
	return program, nil
}

// gate is the value of a custom header, which is as secret as the token.
const gate = "gate-of-the-proxy"

// secrets are texts that may be seen nowhere.
type secrets []string

// notIn checks an output.
func (s secrets) notIn(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range s {
		if strings.Contains(text, secret) {
			t.Errorf("%s has the secret %q", where, secret)
		}
	}
}

// notInFolder checks each file of a folder, and each file in an archive, as which an engine saves a plan. It returns
// what the files have, by their names relative to the folder.
func (s secrets) notInFolder(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files[name] = string(text)
		s.notIn(t, name, files[name])
		return s.notInArchive(t, name, text)
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func (s secrets) notInArchive(t *testing.T, name string, content []byte) error {
	t.Helper()
	if !bytes.HasPrefix(content, []byte("PK")) {
		return nil
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return err
	}
	for _, file := range archive.File {
		r, err := file.Open()
		if err != nil {
			return err
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		s.notIn(t, name+"/"+file.Name, string(text))
	}
	return nil
}
