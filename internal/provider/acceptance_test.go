package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

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
	server, err := gitlabsim.Start(s, gitlabsim.Options{})
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

// factories makes the provider as it is released, but without waits before the repetition of a request.
func (b *testbed) factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		TypeName: func() (tfprotov6.ProviderServer, error) {
			p := &gitlabProvider{version: "test"}
			p.options.Pause = func(time.Duration) time.Duration { return 0 }
			server := providerserver.NewProtocol6(p)()
			lists, ok := server.(tfprotov6.ListResourceServer)
			if !ok {
				return nil, errors.New("the provider serves no list resources")
			}
			return &warningRecorder{ProviderServer: server, ListResourceServer: lists, warnings: b.warnings}, nil
		},
	}
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

// realEnvironment is what names the real GitLab of `make testacc`, before TestMain takes it out of the environment.
var realEnvironment = map[string]string{"GITLAB_BASE_URL": "", "GITLAB_TOKEN": "", "GITLAB_GROUP": ""}

// TestMain tells the test library the namespace of the provider under test, and keeps the user's own settings for
// Terraform and GitLab out of the tests. In the processes of startProvider it is the provider.
func TestMain(m *testing.M) {
	if timeout := os.Getenv(serveVariable); timeout != "" {
		if err := serve(timeout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
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
	resource.AddTestSweepers("projects", &resource.Sweeper{
		Name: "projects",
		F:    func(string) error { return newRealGitLab(realEnvironment).sweep() },
	})
	resource.TestMain(testRun{m})
}

// testRun runs the tests unless -sweep asks for the sweepers.
type testRun struct{ *testing.M }

func (r testRun) Run() int {
	if err := useEngine(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	status := r.M.Run()
	if builtFolder != "" {
		_ = os.RemoveAll(builtFolder)
	}
	return status
}

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
	if diff := cmp.Diff(want, got, cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
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

// warned checks that a warning with the given text was given since the start, and forgets all.
func (b *testbed) warned(text string) resource.TestCheckFunc {
	return b.check(func() error {
		all := b.warnings.take()
		if !slices.ContainsFunc(all, func(w string) bool { return strings.Contains(w, text) }) {
			return fmt.Errorf("no warning with %q among %q", text, all)
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
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	warnings *warnings
}

func (r *warningRecorder) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := r.ProviderServer.ReadResource(ctx, req)
	if err == nil {
		r.warnings.add(resp.Diagnostics)
	}
	return resp, err
}

func (r *warningRecorder) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := r.ProviderServer.PlanResourceChange(ctx, req)
	if err == nil {
		r.warnings.add(resp.Diagnostics)
	}
	return resp, err
}

func (r *warningRecorder) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := r.ProviderServer.ApplyResourceChange(ctx, req)
	if err == nil {
		r.warnings.add(resp.Diagnostics)
	}
	return resp, err
}

func (r *warningRecorder) ListResource(ctx context.Context, req *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	stream, err := r.ListResourceServer.ListResource(ctx, req)
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

// isWhole checks all attributes of the object at an address, so that none is forgotten.
func isWhole(address string, want object) statecheck.StateCheck {
	return wholeObject{address: address, want: want}
}

type wholeObject struct {
	address string
	want    object
}

// CheckState implements statecheck.StateCheck.
func (c wholeObject) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	for _, r := range req.State.Values.RootModule.Resources {
		if r.Address != c.address {
			continue
		}
		if diff := cmp.Diff(jsonText(c.want), jsonText(r.AttributeValues)); diff != "" {
			resp.Error = fmt.Errorf("%s in the state (-want +got):\n%s", c.address, diff)
		}
		return
	}
	resp.Error = fmt.Errorf("%s is not in the state", c.address)
}

// later is a check that is made when it is due, from what is true then.
type later func() statecheck.StateCheck

// CheckState implements statecheck.StateCheck.
func (l later) CheckState(ctx context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	l().CheckState(ctx, req, resp)
}

func jsonText(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// sinceTerraform skips a test on engines below a version.
var (
	sinceTerraform = map[string][]tfversion.TerraformVersionCheck{
		"1.8":  {tfversion.SkipBelow(tfversion.Version1_8_0)},
		"1.12": {tfversion.SkipBelow(tfversion.Version1_12_0)},
		"1.14": {tfversion.SkipBelow(tfversion.Version1_14_0)},
	}
)
