package provider

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

const (
	// benchLatency is how long the simulated GitLab thinks about each request.
	benchLatency = 50 * time.Millisecond
	// benchParallelism is the engine's own default.
	benchParallelism = 10
)

// BenchmarkTerraform runs an engine with the built provider on a GitLab that is 50 ms away, and the same configuration
// with the empty provider of testdata, which asks nobody, and as many terraform_data, which need no provider. It reports
//
//   - sec/op, empty-sec/op, engine-sec/op: the wall time of each;
//   - x-empty: the provider's time in times of the empty one's;
//   - x-empty+latency: the same in times of the empty one's and the latency of the requests, 10 at a time;
//   - requests/op: what GitLab was asked.
func BenchmarkTerraform(b *testing.B) {
	gitlabMirror, emptyMirror := buildMirror(b, releaseProvider), buildMirror(b, emptyProvider)
	for _, size := range []struct{ keys, projects int }{{10, 1}, {10, 50}, {100, 1}, {100, 50}, {200, 1}, {200, 50}, {1000, 1}, {1000, 50}} {
		b.Run(fmt.Sprintf("keys=%d/projects=%d", size.keys, size.projects), func(b *testing.B) {
			server, err := gitlabsim.Start(manyProjects(size.projects, 0), gitlabsim.Options{Latency: benchLatency})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(server.Close)
			states := startStateStore(b)
			config := providerBlock(server.URL(), maintainer) + manyKeysConfig(size.projects, size.keys, false)
			gitlab := newWorkspace(b, gitlabMirror, states.backend("gitlab")+config)
			empty := newWorkspace(b, emptyMirror, states.backend("empty")+config)
			engine := newWorkspace(b, emptyMirror, states.backend("engine")+terraformDataConfig(size.projects+size.keys))
			for _, o := range operations {
				b.Run("op="+o.name, func(b *testing.B) {
					var ours, floor, alone time.Duration
					var requests int
					for b.Loop() {
						gitlab.prepare(b, o)
						server.ClearRequests()
						ours += gitlab.run(b, o)
						requests += len(server.Requests())
						empty.prepare(b, o)
						floor += empty.run(b, o)
						engine.prepare(b, o)
						alone += engine.run(b, o)
					}
					waiting := time.Duration(requests) * benchLatency / benchParallelism
					runs := float64(b.N)
					b.ReportMetric(0, "ns/op") // it counts all three and the preparations
					b.ReportMetric(ours.Seconds()/runs, "sec/op")
					b.ReportMetric(floor.Seconds()/runs, "empty-sec/op")
					b.ReportMetric(alone.Seconds()/runs, "engine-sec/op")
					b.ReportMetric(ours.Seconds()/floor.Seconds(), "x-empty")
					b.ReportMetric(ours.Seconds()/(floor+waiting).Seconds(), "x-empty+latency")
					b.ReportMetric(float64(requests)/runs, "requests/op")
				})
			}
		})
	}
}

// BenchmarkRateLimit plans 500 projects with settings and a client key each on a GitLab that allows a token 200 requests
// a second. It reports
//
//   - sec/op: the wall time of the plan, and free-sec/op the same without a limit;
//   - x-limit: the plan in times of what takes longer, the requests at 200 a second or the plan without a limit;
//   - refused/op: how many requests were answered with 429.
func BenchmarkRateLimit(b *testing.B) {
	const projects = 500
	limit := gitlabsim.RateLimit{Requests: 200, Per: time.Second}
	mirror := buildMirror(b, releaseProvider)
	start := func(b *testing.B, limit *gitlabsim.RateLimit) (*gitlabsim.Server, *workspace) {
		scenario := manyProjects(projects, 0)
		scenario.RateLimit = limit
		server, err := gitlabsim.Start(scenario, gitlabsim.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(server.Close)
		states := startStateStore(b)
		return server, newWorkspace(b, mirror, states.backend("gitlab")+providerBlock(server.URL(), maintainer)+manyKeysConfig(projects, projects, false))
	}
	for _, parallelism := range []int{10, 50} {
		b.Run(fmt.Sprintf("parallelism=%d", parallelism), func(b *testing.B) {
			plan := operations[1]
			plan.arguments = append(slices.Clone(plan.arguments), fmt.Sprintf("-parallelism=%d", parallelism))
			server, limited := start(b, &limit)
			_, unlimited := start(b, nil)
			var took, free time.Duration
			var requests, refused int
			for b.Loop() {
				limited.prepare(b, plan)
				server.ClearRequests()
				took += limited.run(b, plan)
				for _, r := range server.Requests() {
					requests++
					if r.Status == http.StatusTooManyRequests {
						refused++
					}
				}
				unlimited.prepare(b, plan)
				free += unlimited.run(b, plan)
			}
			atLimit := time.Duration(requests-refused) * limit.Per / time.Duration(limit.Requests)
			runs := float64(b.N)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(took.Seconds()/runs, "sec/op")
			b.ReportMetric(free.Seconds()/runs, "free-sec/op")
			b.ReportMetric(took.Seconds()/max(atLimit, free).Seconds(), "x-limit")
			b.ReportMetric(float64(refused)/runs, "refused/op")
		})
	}
}

// operation is what a user does with the engine.
type operation struct {
	name      string
	arguments []string
	before    bool // the objects exist before
	after     bool // they exist after
}

// A plan that finds changes ends with status 2, and so fails.
var (
	applyAll   = operation{name: "apply", arguments: []string{"apply", "-auto-approve"}, after: true}
	destroyAll = operation{name: "destroy", arguments: []string{"destroy", "-auto-approve"}, before: true}
	operations = []operation{
		applyAll,
		{name: "plan", arguments: []string{"plan", "-detailed-exitcode"}, before: true, after: true},
		{name: "refresh", arguments: []string{"plan", "-refresh-only"}, before: true, after: true},
		destroyAll,
	}
)

// terraformDataConfig has as many objects as manyKeysConfig, and ones of like size.
func terraformDataConfig(n int) string {
	return fmt.Sprintf(`
resource "terraform_data" "test" {
  count = %d
  input = {
    project    = "1"
    project_id = 1
    key_id     = count.index
    active     = true
    public_key = "glet_00000000000000000000000000000000"
    sentry_dsn = "https://glet_00000000000000000000000000000000@observe.gitlab.com:443/errortracking/api/v1/projects/1"
  }
}
`, n)
}

// workspace is a folder with a configuration. It is initialized when it is first used.
type workspace struct {
	mirror string
	config string
	folder string
	filled bool // its objects exist
}

func newWorkspace(b *testing.B, mirror, config string) *workspace {
	return &workspace{mirror: mirror, config: config, folder: b.TempDir()}
}

// prepare brings the objects into the state that an operation starts from.
func (w *workspace) prepare(b *testing.B, o operation) {
	b.Helper()
	file := filepath.Join(w.folder, "main.tf")
	if _, err := os.Stat(file); os.IsNotExist(err) {
		if err := os.WriteFile(file, []byte(w.config), 0o600); err != nil {
			b.Fatal(err)
		}
		w.terraform(b, "init", "-plugin-dir="+w.mirror)
	}
	switch {
	case o.before && !w.filled:
		w.run(b, applyAll)
	case !o.before && w.filled:
		w.run(b, destroyAll)
	}
}

// run does an operation and returns how long it took.
func (w *workspace) run(b *testing.B, o operation) time.Duration {
	b.Helper()
	start := time.Now()
	w.terraform(b, o.arguments...)
	took := time.Since(start)
	w.filled = o.after
	return took
}

func (w *workspace) terraform(b *testing.B, arguments ...string) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), testEngine.Path, arguments...)
	cmd.Dir = w.folder
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %v\n%s", arguments, err, out)
	}
}

// The folders of the programs that the benchmarks build.
const (
	releaseProvider = "../.."
	emptyProvider   = "./testdata/empty"
)

// buildMirror builds a program as the provider of this repository and returns the filesystem mirror it is in
// (https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror).
func buildMirror(b *testing.B, folder string) string {
	b.Helper()
	mirror := b.TempDir()
	program := filepath.Join(mirror, cmp.Or(os.Getenv("TF_ACC_PROVIDER_HOST"), Hostname), Namespace, TypeName, "0.0.1",
		runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-"+TypeName+"_v0.0.1")
	buildProgram(b, folder, program)
	return mirror
}

// buildProgram builds a program as releases are built.
func buildProgram(b *testing.B, folder, program string) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, folder)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("building %s: %v\n%s", folder, err, out)
	}
}
