package provider

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"go.yaml.in/yaml/v3"
)

// guideBlock is a block of configuration or of commands on a page of the documentation.
type guideBlock struct {
	page     string
	number   int
	language string
	text     string
	needs    guideNeeds
	earlier  []guideBlock // those before it on the page
}

// guideNeeds is what a comment in the line before a block says of its test, as a JSON object:
//
//	<!-- test: {"since": "1.8", "gitlab": "used"} -->
//
// A comment such as <!-- not run: the release does it --> says why the tests leave a block out. Commands run in the folder of the
// configuration before them and need what it needs.
type guideNeeds struct {
	// Since is the first version of an engine that can run the block, empty for all.
	Since string `json:"since"`
	// File is the name of the file that the block is. Empty means main.tf; another file is there for the later blocks of
	// the page too.
	File string `json:"file"`
	// GitLab names what GitLab has at the start, see guideGitLabs.
	GitLab string `json:"gitlab"`
	// State is a state of gitlabhq/gitlab to begin with.
	State bool `json:"state"`
	// Continues means that the configuration before it was applied, and the commands after that were run.
	Continues bool `json:"continues"`
	// Plan is what the plan of the block does, in Terraform's words: "1 to add, 0 to change, 1 to destroy".
	Plan string `json:"plan"`
	// Alone means that the files before it are not there, and that it is not there for later blocks.
	Alone bool `json:"alone"`
	// Variables are the values of input variables.
	Variables map[string]any `json:"variables"`
}

// guideGitLabs are what the GitLab of a block has at the start.
var guideGitLabs = map[string]func() gitlabsim.Scenario{
	"":     func() gitlabsim.Scenario { return examplesGitLab(false) },
	"used": func() gitlabsim.Scenario { return examplesGitLab(true) },
	// The feature flag is off, and acme/web shows the errors of a Sentry.
	"sentry": func() gitlabsim.Scenario {
		scenario := examplesGitLab(false)
		scenario.IntegratedErrorTracking = new(false)
		scenario.Projects[0].Settings = &gitlabsim.Settings{
			Active:            false,
			ProjectName:       new("web"),
			SentryExternalURL: new("https://sentry.example.com/acme/web/"),
			APIURL:            new("https://sentry.example.com/api/0/projects/acme/web/"),
		}
		return scenario
	},
}

var (
	guideFence = regexp.MustCompile("(?ms)^(?:<!-- (?:test: (\\{[^\n]*\\})|(not run: [^\n]+)) -->\n)?```([^\n]*)\n(.*?)^```$\n?")
	// guideLanguages are those of the blocks; true are the ones that run.
	guideLanguages = map[string]bool{"terraform": true, "hcl": true, "sh": true, "ruby": false, "text": false, "yaml": false, "js": false}
	// guidePlan finds what a plan does. Only OpenTofu counts what it forgets.
	guidePlan = regexp.MustCompile(`\nPlan: (.*?)(?:, \d+ to forget)?\.\n`)
	// guideRoot is the GitLab of the pages, with its relative root.
	guideRoot = regexp.MustCompile(regexp.QuoteMeta(guideAddress) + `(?:/[a-z]+)?`)
)

// guideAddress is the address that the pages give to a GitLab.
const guideAddress = "https://gitlab.example.com"

// Each block of the documentation is applied and has nothing left to do then.
func TestGuides(t *testing.T) {
	t.Parallel()
	for _, page := range guidePages(t) {
		for _, block := range guideBlocks(t, page) {
			t.Run(fmt.Sprintf("%s %d", strings.TrimPrefix(page, "../../"), block.number), func(t *testing.T) {
				t.Parallel()
				needsEngine(t, block.needs.Since)
				switch {
				case block.language == "sh":
					block.commands(t)
				case strings.HasSuffix(block.needs.File, ".tfquery.hcl"):
					block.query(t)
				case strings.HasSuffix(block.needs.File, ".tftest.hcl"):
					block.test(t)
				default:
					block.apply(t)
				}
			})
		}
	}
}

// Each block has the format that the engine gives it.
func TestGuides_format(t *testing.T) {
	t.Parallel()
	terraform := newCommandLine(t, startTestbed(t, gitlabsim.Scenario{}), "")
	for _, page := range guidePages(t) {
		for _, block := range guideBlocks(t, page) {
			if block.language != "sh" {
				terraform.write(t, fmt.Sprintf("%s-%d.tf", filepath.Base(page), block.number), block.text)
			}
		}
	}
	terraform.write(t, "main.tf", "")
	if output, err := terraform.run(t, "fmt", "-check", "-diff"); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// A scheduled rotation replaces an existing key when it is introduced, once when the period is over, and not in between.
func TestGuides_schedule(t *testing.T) {
	t.Parallel()
	blocks := guideBlocks(t, "../../templates/guides/rotating-keys.md")
	oneStep, scheduled := blocks[0], blocks[len(blocks)-1]
	const period = "  rotation_days = 90\n"
	if !strings.Contains(scheduled.text, period) {
		t.Fatalf("the last block has no %q", period)
	}
	gitlab, terraform := scheduled.start(t)
	oneStep.write(t, gitlab, terraform)
	terraform.succeeds(t, "apply", "-auto-approve")

	// A period that began long ago is over.
	over := scheduled
	over.text = strings.Replace(scheduled.text, period, "  rfc3339       = \"2020-01-01T00:00:00Z\"\n"+period, 1)
	for i, block := range []guideBlock{over, scheduled} {
		block.write(t, gitlab, terraform)
		plan := terraform.succeeds(t, "plan", "-out=guide.tfplan")
		for _, want := range []string{
			"Warning: Client key will be replaced", fmt.Sprintf("client key 1:%d", i+1), "\nPlan: 2 to add, 0 to change, 1 to destroy.\n",
		} {
			if !strings.Contains(plan, want) {
				t.Errorf("the plan does not say %q:\n%s", want, plan)
			}
		}
		if deleted := strings.Contains(plan, "time_rotating.key has been deleted"); deleted != (i == 1) {
			t.Errorf("time_rotating.key has been deleted: %t\n%s", deleted, plan)
		}
		terraform.succeeds(t, "apply", "guide.tfplan")
		if keys := gitlab.Keys(1); len(keys) != 1 || keys[0].ID != int64(i+2) {
			t.Errorf("GitLab has the client keys %v, want key %d alone", keys, i+2)
		}
	}
	terraform.changesNothing(t)
	if keys := terraform.keysInState(t); !slices.Equal(keys, []int64{3}) {
		t.Errorf("the state has the client keys %v, want key 3", keys)
	}
}

// A rotation reaches each consumer of the DSN, and the state has no copy of a DSN but the client key's own.
func TestGuides_rotationReachesConsumers(t *testing.T) {
	t.Parallel()
	consumers := 0
	for _, block := range guideBlocks(t, "../../templates/guides/dsn.md") {
		if !strings.Contains(block.text, ".web.sentry_dsn") || block.language != "terraform" || block.needs.File != "" {
			continue
		}
		consumers++
		t.Run(fmt.Sprint(block.number), func(t *testing.T) {
			t.Parallel()
			needsEngine(t, block.needs.Since)
			gitlab, terraform := block.start(t)
			block.write(t, gitlab, terraform)
			terraform.succeeds(t, "apply", "-auto-approve")
			first := gitlab.DSN(1, gitlab.Keys(1)[0].PublicKey)
			terraform.succeeds(t, "apply", "-auto-approve", "-replace=gitlab_error_tracking_client_key.web")
			second := gitlab.DSN(1, gitlab.Keys(1)[0].PublicKey)
			consumed := terraform.consumed(t)
			if len(consumed) != 2 || !strings.Contains(consumed[0], first) || !strings.Contains(consumed[1], second) {
				t.Errorf("the consumer got %q, want %s and then %s", consumed, first, second)
			}
			copies := 1
			if block.needs.Alone { // without write-only arguments
				copies = 2
			}
			if found := strings.Count(string(terraform.stateFile(t)), second); found != copies {
				t.Errorf("the state has the DSN %d times, want %d", found, copies)
			}
			terraform.changesNothing(t)
		})
	}
	if consumers != 5 {
		t.Errorf("the guide has %d consumers of one key, want 5", consumers)
	}
}

// pipeline is a .gitlab-ci.yml, with the keywords that the guide uses.
type pipeline struct {
	Default struct {
		Image struct {
			Name       string   `yaml:"name"`
			Entrypoint []string `yaml:"entrypoint"`
		} `yaml:"image"`
		BeforeScript []string `yaml:"before_script"`
	} `yaml:"default"`
	Variables map[string]string `yaml:"variables"`
	Workflow  struct {
		Rules pipelineRules `yaml:"rules"`
	} `yaml:"workflow"`
	Jobs map[string]struct {
		Stage         string        `yaml:"stage"`
		Needs         []string      `yaml:"needs"`
		ResourceGroup string        `yaml:"resource_group"`
		Rules         pipelineRules `yaml:"rules"`
		Script        []string      `yaml:"script"`
		Artifacts     struct {
			Paths    []string `yaml:"paths"`
			Access   string   `yaml:"access"`
			ExpireIn string   `yaml:"expire_in"`
		} `yaml:"artifacts"`
	} `yaml:",inline"`
}

type pipelineRules []struct {
	If   string `yaml:"if"`
	When string `yaml:"when"`
}

// when is what the first rule that holds in an event says: "on_success" without a word, "" if none holds.
func (r pipelineRules) when(t *testing.T, event string) string {
	t.Helper()
	for _, rule := range r {
		var holds bool
		switch rule.If {
		case `$CI_PIPELINE_SOURCE == "merge_request_event"`:
			holds = event == "merge_request_event"
		case `$CI_PIPELINE_SOURCE == "schedule"`:
			holds = event == "schedule"
		case `$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH`:
			holds = event != "merge_request_event"
		default:
			t.Fatalf("unknown condition %s", rule.If)
		}
		if holds {
			return cmp.Or(rule.When, "on_success")
		}
	}
	return ""
}

// The pipeline of the guide plans in merge requests, applies after them when somebody says so, and applies by itself on a schedule.
// Its jobs keep the state in a GitLab.
func TestGuides_pipeline(t *testing.T) {
	t.Parallel()
	needsPOSIX(t)
	const page = "../../templates/guides/gitlab-ci.md"
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var file, backend string
	for _, fence := range guideFence.FindAllStringSubmatch(string(content), -1) {
		switch {
		case fence[3] == "yaml":
			file = fence[4]
		case fence[2] != "":
			backend = fence[4]
		}
	}
	var ci pipeline
	decoder := yaml.NewDecoder(strings.NewReader(file))
	decoder.KnownFields(true)
	if err := decoder.Decode(&ci); err != nil {
		t.Fatal(err)
	}

	block := guideBlocks(t, page)[0]
	gitlab, terraform := block.start(t)
	block.write(t, gitlab, terraform)
	terraform.write(t, "backend.tf", backend)
	variables := map[string]string{
		"CI_API_V4_URL": startStateStore(t).URL, "CI_PROJECT_ID": "9", "CI_JOB_TOKEN": "job-token", "CI_SERVER_URL": gitlab.URL(),
	}
	maps.Copy(variables, ci.Variables)
	var value func(string) string
	value = func(name string) string { return os.Expand(variables[name], value) }
	for name := range ci.Variables {
		terraform.env = append(terraform.env, name+"="+value(name))
	}
	bin := t.TempDir()
	if err := os.Symlink(terraform.engine, filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	run := func(event, name string) {
		job := ci.Jobs[name]
		if ci.Workflow.Rules.when(t, event) == "" || job.Rules.when(t, event) == "" {
			t.Fatalf("%s does not run on %s", name, event)
		}
		script := strings.Join(append(slices.Clone(ci.Default.BeforeScript), job.Script...), "\n")
		shell := terraform.program(t.Context(), "sh", "-euc", script)
		shell.Env = append(shell.Env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		if output, err := shell.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, output)
		}
	}

	if script := strings.Join(ci.Jobs["review"].Script, "\n"); !strings.HasPrefix(script, `GITLAB_TOKEN="$GITLAB_READ_TOKEN" terraform `) {
		t.Errorf("review runs %q without the token that can only read", script)
	}
	terraform.env = append(terraform.env, "GITLAB_READ_TOKEN="+reader, "GITLAB_TOKEN="+reader) // for the provider in this process
	run("merge_request_event", "review")
	terraform.env = append(terraform.env, "GITLAB_TOKEN="+maintainer)
	if writes := gitlab.writes(); len(writes) > 0 {
		t.Errorf("review wrote %q", writes)
	}
	for _, name := range []string{"plan", "apply"} {
		if when := ci.Jobs[name].Rules.when(t, "merge_request_event"); when != "" {
			t.Errorf("%s runs in a merge request", name)
		}
		run("push", name)
	}
	if keys := gitlab.Keys(1); len(keys) != 1 {
		t.Errorf("after the apply GitLab has the client keys %v, want one", keys)
	}
	if len(terraform.stateFile(t)) > 0 {
		t.Error("there is a local state")
	}
	for event, want := range map[string]string{"push": "manual", "schedule": "on_success"} {
		if when := ci.Jobs["apply"].Rules.when(t, event); when != want {
			t.Errorf("apply on %s: %q, want %q", event, when, want)
		}
	}
	if plan := ci.Jobs["plan"]; plan.Artifacts.Access != "none" || !slices.Equal(plan.Artifacts.Paths, []string{"plan.tfplan"}) {
		t.Errorf("the plan is kept as %+v", plan.Artifacts)
	}
}

// The audit names the project without error tracking, and no other.
func TestGuides_audit(t *testing.T) {
	t.Parallel()
	blocks := guideBlocks(t, "../../templates/guides/gitlab-ci.md")
	audit := blocks[len(blocks)-1]
	gitlab, terraform := audit.start(t)
	audit.write(t, gitlab, terraform)
	if plan := terraform.succeeds(t, "plan"); !hasInOrder(plan, "Warning: Check block assertion failed", "No error tracking: acme/shop.") {
		t.Errorf("the plan does not name acme/shop:\n%s", plan)
	}
}

// A later query writes what the state lacks, and never overwrites the file that may hold its resources.
func TestGuides_laterQuery(t *testing.T) {
	t.Parallel()
	needsEngine(t, "1.14")
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("needs jq")
	}
	const page = "../../templates/guides/existing-projects.md"
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var commands string
	for _, fence := range guideFence.FindAllStringSubmatch(string(content), -1) {
		if fence[2] != "" {
			commands = fence[4]
		}
	}
	blocks := guideBlocks(t, page)
	query := blocks[len(blocks)-1]
	gitlab, terraform := query.start(t)
	query.write(t, gitlab, terraform)
	terraform.succeeds(t, "query", "-generate-config-out=imported.tf")
	terraform.succeeds(t, "apply", "-auto-approve")

	gitlab.AddProject(gitlabsim.Project{ID: 9, Path: "acme/app", Settings: &gitlabsim.Settings{Active: true, Integrated: true}, ClientKeys: gitlabsim.MakeKeys(1)})
	query.text = strings.ReplaceAll(query.text, `"acme" {`, `"later" {`)
	query.write(t, gitlab, terraform)
	if output, err := terraform.shell(t, commands); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if output := terraform.succeeds(t, "apply", "-auto-approve"); !strings.Contains(output, " 2 imported, 0 added, 0 changed, 0 destroyed") {
		t.Errorf("the apply does not import the two new objects alone:\n%s", output)
	}
	if output, err := terraform.shell(t, commands); err == nil || !strings.Contains(output, "new.tf exists") {
		t.Errorf("the commands do not stop although new.tf exists: %v\n%s", err, output)
	}
	written := filepath.Join(terraform.folder, "new.tf")
	if err := os.Rename(written, filepath.Join(terraform.folder, "app.tf")); err != nil {
		t.Fatal(err)
	}
	if output, err := terraform.shell(t, commands); err != nil {
		t.Errorf("the commands fail where nothing is new: %v\n%s", err, output)
	}
	if _, err := os.Stat(written); err == nil {
		t.Error("the commands write new.tf although nothing is new")
	}
	terraform.changesNothing(t)
}

// guidePages returns the files of the documentation that are written by hand.
func guidePages(t *testing.T) []string {
	t.Helper()
	pages := []string{"../../README.md"}
	err := filepath.WalkDir("../../templates", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			pages = append(pages, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// guideBlocks returns the blocks of a page that the tests run.
func guideBlocks(t *testing.T, page string) []guideBlock {
	t.Helper()
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	fences := guideFence.FindAllStringSubmatch(text, -1)
	if found := strings.Count(text, "```"); found != 2*len(fences) {
		t.Fatalf("%s: %d marks of code, want two for each of the %d blocks", page, found, len(fences))
	}
	var blocks []guideBlock
	comments := 0
	for _, fence := range fences {
		mark, notRun, language := fence[1], fence[2], fence[3]
		if notRun != "" {
			comments++
			continue
		}
		runs, known := guideLanguages[language]
		if !known {
			t.Errorf("%s: nothing says whether to run blocks in the language %q", page, language)
		}
		if !runs {
			continue
		}
		block := guideBlock{page: page, number: len(blocks) + 1, language: language, text: fence[4], earlier: slices.Clone(blocks)}
		if language == "sh" && len(blocks) > 0 {
			block.needs = blocks[len(blocks)-1].needs
			block.needs.File, block.needs.Continues = "", false
		}
		if mark != "" {
			comments++
			decoder := json.NewDecoder(strings.NewReader(mark))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&block.needs); err != nil {
				t.Fatalf("%s: %s: %v", page, mark, err)
			}
		}
		blocks = append(blocks, block)
	}
	if strings.HasSuffix(page, ".md") && strings.Contains(page, "/guides/") {
		comments++ // of its source, see TestGuides_form
	}
	if strings.Count(text, "<!-- ") != comments {
		t.Errorf("%s: not each comment for the test stands before a block", page)
	}
	return blocks
}

func (b guideBlock) apply(t *testing.T) {
	gitlab, terraform := b.start(t)
	b.write(t, gitlab, terraform)
	if strings.Contains(b.text, "module \"") {
		terraform.succeeds(t, "get")
	}
	applied := terraform.succeeds(t, "apply", "-auto-approve")
	planned := "0 to add, 0 to change, 0 to destroy" // and perhaps other outputs
	if summary := guidePlan.FindStringSubmatch(applied); summary != nil {
		planned = summary[1]
	}
	if want := b.needs.Plan; want != "" && planned != want {
		t.Errorf("the plan is not %q:\n%s", want, applied)
	}
	terraform.changesNothing(t)
}

// query runs a file of queries, generates the configuration of what it finds, and brings that into the state.
func (b guideBlock) query(t *testing.T) {
	gitlab, terraform := b.start(t)
	b.write(t, gitlab, terraform)
	if output := terraform.succeeds(t, "query"); !strings.Contains(output, "acme/web") {
		t.Errorf("the query does not find acme/web:\n%s", output)
	}
	terraform.succeeds(t, "query", "-generate-config-out=generated.tf")
	if output := terraform.succeeds(t, "apply", "-auto-approve"); !strings.Contains(output, " 0 added, 0 changed, 0 destroyed") {
		t.Errorf("more than an import:\n%s", output)
	}
	terraform.changesNothing(t)
}

// test runs a file of tests of a module.
func (b guideBlock) test(t *testing.T) {
	gitlab, terraform := b.start(t)
	b.write(t, gitlab, terraform)
	terraform.succeeds(t, "test")
}

// commands runs shell commands after the configuration before them was written.
func (b guideBlock) commands(t *testing.T) {
	gitlab, terraform := b.start(t)
	if configured := b.configured(); configured >= 0 && !b.needs.Continues {
		b.earlier[configured].write(t, gitlab, terraform)
	}
	b.shell(t, terraform)
}

// shell runs shell commands.
func (b guideBlock) shell(t *testing.T, terraform *commandLine) {
	t.Helper()
	if output, err := terraform.shell(t, b.text); err != nil {
		t.Fatalf("%v\n%s\n%s", err, b.text, output)
	}
}

// shell runs shell commands. Nothing needs to be installed, and no prompt waits for an answer.
func (c *commandLine) shell(t *testing.T, commands string) (output string, err error) {
	t.Helper()
	needsPOSIX(t)
	bin := t.TempDir()
	script := "#!/bin/sh\n[ \"$1\" = init ] || exec '" + c.engine + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(bin, "terraform"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	shell := c.program(t.Context(), "sh", "-euc", commands)
	shell.Env = append(shell.Env, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TF_CLI_ARGS_apply=-auto-approve", "TF_CLI_ARGS_destroy=-auto-approve")
	combined, err := shell.CombinedOutput()
	return string(combined), err
}

// configured is the index of the last main.tf before a block, or -1.
func (b guideBlock) configured() int {
	for i, earlier := range slices.Backward(b.earlier) {
		if earlier.language != "sh" && earlier.needs.File == "" && !earlier.needs.Alone {
			return i
		}
	}
	return -1
}

// start starts the GitLab of a block and an engine that knows both providers, in a folder with what the block needs.
func (b guideBlock) start(t *testing.T) (*testbed, *commandLine) {
	t.Helper()
	scenario, ok := guideGitLabs[b.needs.GitLab]
	if !ok {
		t.Fatalf("no GitLab %q for guides", b.needs.GitLab)
	}
	has, options := scenario(), gitlabsim.Options{}
	var authority []byte // of a self-managed GitLab
	if has.ExternalURL = guideRoot.FindString(b.text); has.ExternalURL != "" {
		tls := httptest.NewTLSServer(nil)
		t.Cleanup(tls.Close)
		options.TLS = tls.TLS
		authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tls.Certificate().Raw})
	}
	gitlab := startTestbedWith(t, has, options)
	gitlab.SetDSNBaseURL(gitlab.URL())
	terraform := newCommandLine(t, gitlab, "provider \"gitlab\" {}\n")
	terraform.write(t, "company-ca.pem", string(authority))
	page := b.text
	for _, earlier := range b.earlier {
		page += earlier.text
	}
	if b.needs.State {
		page += `"gitlabhq/gitlab"`
	}
	terraform.useOtherProviders(t, page)
	if authority != nil {
		terraform.startProvider(t) // in the folder with the certificate
	}
	if b.needs.State {
		terraform.write(t, "terraform.tfstate", gitlabhqStateFile())
	}
	for i, earlier := range b.earlier {
		switch {
		case b.needs.Alone:
		case earlier.needs.File != "":
			earlier.write(t, gitlab, terraform)
		case b.needs.Continues && i == b.configured():
			earlier.write(t, gitlab, terraform)
			terraform.succeeds(t, "apply", "-auto-approve")
		case b.needs.Continues && i > b.configured() && earlier.needs.Continues:
			earlier.shell(t, terraform)
		}
	}
	return gitlab, terraform
}

// write writes a block, with GitLab's address and the rest of a complete configuration.
func (b guideBlock) write(t *testing.T, gitlab *testbed, terraform *commandLine) {
	t.Helper()
	name := cmp.Or(b.needs.File, "main.tf")
	text := strings.ReplaceAll(b.text, guideAddress, gitlab.URL())
	if name == "main.tf" && !strings.Contains(text, "required_providers") {
		text = requiredProviders + text
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Join(terraform.folder, name)), 0o700); err != nil {
		t.Fatal(err)
	}
	terraform.write(t, name, text)
	variables := object{}
	maps.Copy(variables, b.needs.Variables)
	terraform.write(t, "guide.auto.tfvars.json", jsonText(variables))
}

// useOtherProviders makes the engine use the programs of the other providers that a configuration needs.
func (c *commandLine) useOtherProviders(t *testing.T, config string) {
	t.Helper()
	folders := map[string]string{}
	for address, other := range otherProviders {
		if other.used.MatchString(config) {
			folder, err := other.built()
			if err != nil {
				t.Fatal(err)
			}
			folders[address] = folder
		}
	}
	c.overrideProviders(t, folders)
}

// consumed returns what the stand-ins for other providers noted: a line for each resource that they saved, with its secret.
func (c *commandLine) consumed(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.folder, "consumer.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// otherProviders are those that the pages use alongside this one, with what in a configuration needs them, and how they are built.
var otherProviders = map[string]struct {
	used  *regexp.Regexp
	built func() (string, error)
}{
	"gitlabhq/gitlab":      {regexp.MustCompile(`"gitlabhq/gitlab"`), standIn("gitlab")},
	"hashicorp/kubernetes": {regexp.MustCompile(`resource "kubernetes_`), standIn("kubernetes")},
	"hashicorp/vault":      {regexp.MustCompile(`resource "vault_`), standIn("vault")},
	"hashicorp/aws":        {regexp.MustCompile(`resource "aws_`), standIn("aws")},
	"hashicorp/time": {regexp.MustCompile(`"hashicorp/time"`), sync.OnceValues(func() (string, error) {
		return buildOther("time", "../../tools", "github.com/hashicorp/terraform-provider-time")
	})},
}

// builtOthers returns the folder of the program that stands in for most other providers.
var builtOthers = sync.OnceValues(func() (string, error) { return buildOther("others", ".", "./testdata/others") })

// standIn returns a function that gives the program that stands in for other providers the name of one of them, in a folder of its
// own.
func standIn(typeName string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		others, err := builtOthers()
		if err != nil {
			return "", err
		}
		folder := filepath.Join(builtFolder, "other", typeName)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return "", err
		}
		return folder, os.Link(filepath.Join(others, executable("terraform-provider-others")), filepath.Join(folder, executable("terraform-provider-"+typeName)))
	})
}

// buildOther builds another provider, as the module of a folder knows it, into a folder that is removed with builtFolder.
func buildOther(typeName, module, source string) (string, error) {
	if _, err := builtProvider(); err != nil {
		return "", err
	}
	folder := filepath.Join(builtFolder, "other", typeName)
	if out, err := exec.Command("go", "-C", module, "build", "-ldflags", "-s -w", "-o", filepath.Join(folder, executable("terraform-provider-"+typeName)), source).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", source, err, out)
	}
	return folder, nil
}

// gitlabhqStateFile is a state in which gitlabhq/gitlab manages the settings of acme/web and its client key 42.
func gitlabhqStateFile() string {
	key := examplesGitLab(true).Projects[0].ClientKeys[0]
	return stateFile(
		inState(gitlabhq, gitlabhqType+settingsType, "web", gitlabhqSettingsState.with(object{"project": "acme/web"})),
		inState(gitlabhq, gitlabhqType+clientKeyType, "web", gitlabhqClientKeyState.with(object{
			"id": fmt.Sprintf("1:%d", key.ID), "project": "acme/web", "key_id": key.ID, "public_key": key.PublicKey, "sentry_dsn": dsnOf(key.PublicKey, 1),
		})),
	)
}

// registryDocs is where the documentation is read. Its pages link to each other there, since a relative link would not work on each
// registry and in the repository too.
const registryDocs = "https://registry.terraform.io/providers/" + Namespace + "/" + TypeName + "/latest/docs"

// guideLink finds the links of a page: the address and the anchor.
var guideLink = regexp.MustCompile(`\]\(([^)#\s]*)(#[^)\s]+)?\)`)

// Each link leads to a page or file that exists and to a heading of it. Pages of the documentation have no relative links.
func TestGuides_links(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("docs/ has the pages %q: %v", pages, err)
	}
	for _, page := range append(pages, "../../docs/index.md", "../../README.md", "../../CONTRIBUTING.md", "../../SECURITY.md", "../../CHANGELOG.md") {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		inDocs := strings.HasPrefix(page, "../../docs/")
		for _, link := range guideLink.FindAllStringSubmatch(string(content), -1) {
			address, anchor := link[1], strings.TrimPrefix(link[2], "#")
			target := filepath.Join("../..", address)
			if name, ours := strings.CutPrefix(address, registryDocs); ours {
				target = "../../docs" + cmp.Or(name, "/index") + ".md"
			} else if address == "" {
				target = page
			} else if strings.Contains(address, "://") {
				continue
			} else if inDocs {
				t.Errorf("%s has the relative link %s", page, address)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", page, address, err)
				continue
			}
			if anchor == "" {
				continue
			}
			text, err := os.ReadFile(target)
			if err != nil {
				t.Fatal(err)
			}
			if !guideAnchors(string(text))[anchor] {
				t.Errorf("%s links to %s, which has no heading of plain words for %s", page, address, link[2])
			}
		}
	}
}

var (
	guideHeading = regexp.MustCompile(`(?m)^#+ ([A-Za-z0-9 ]+)$`)
	guideAnchor  = regexp.MustCompile(`<a id="([^"]+)"></a>`)
)

// guideAnchors returns the anchors of a page that are the same on GitHub and on the registries: those of headings of plain words, and
// those that the page names itself.
func guideAnchors(page string) map[string]bool {
	anchors := map[string]bool{}
	for _, heading := range guideHeading.FindAllStringSubmatch(page, -1) {
		anchors[strings.ReplaceAll(strings.ToLower(heading[1]), " ", "-")] = true
	}
	for _, anchor := range guideAnchor.FindAllStringSubmatch(page, -1) {
		anchors[anchor[1]] = true
	}
	return anchors
}

// guideFront is the front matter of a guide, with its title and its description.
var guideFront = regexp.MustCompile(`(?s)^---\npage_title: "[^"]+"\ndescription: \|-\n  [^\n]+\n---\n\n`)

// A guide names its source, since docs/ is generated, and is short: words outside of code are counted.
func TestGuides_form(t *testing.T) {
	t.Parallel()
	guides, err := filepath.Glob("../../templates/guides/*.md")
	if err != nil || len(guides) == 0 {
		t.Fatalf("guides %q: %v", guides, err)
	}
	for _, guide := range guides {
		content, err := os.ReadFile(guide)
		if err != nil {
			t.Fatal(err)
		}
		name, text := filepath.Base(guide), string(content)
		front := guideFront.FindString(text)
		source := "<!-- The source of this page is templates/guides/" + name + ". make generate copies it to docs/. -->\n\n"
		if front == "" || !strings.HasPrefix(text[len(front):], source) {
			t.Errorf("%s does not begin with a title, a description of one line, and then %q", name, source)
			continue
		}
		most := 700
		if name == "troubleshooting.md" {
			most = 1000
		}
		if words := len(strings.Fields(guideFence.ReplaceAllString(text[len(front)+len(source):], ""))); words > most {
			t.Errorf("%s has %d words, want %d at most", name, words, most)
		}
	}
}

// The first page lists every guide.
func TestGuides_index(t *testing.T) {
	t.Parallel()
	index, err := os.ReadFile("../../templates/index.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	guides, err := filepath.Glob("../../templates/guides/*.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(guides) == 0 {
		t.Fatal("there are no guides")
	}
	for _, guide := range guides {
		link := "(" + registryDocs + "/guides/" + strings.TrimSuffix(filepath.Base(guide), ".md") + ")"
		if !bytes.Contains(index, []byte(link)) {
			t.Errorf("the first page has no link %s", link)
		}
	}
}
