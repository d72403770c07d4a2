package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/engine"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// demo is what the chapters share. After an error nothing more is done.
type demo struct {
	*story
	gitlab  *gitlabsim.Server
	engine  engine.Engine
	folder  string   // has the configuration and the provider
	env     []string // of the engine
	verbose bool
	parts   []string // of main.tf: the provider, web, shop, the output
	err     error
}

// partMark begins a part of main.tf. The others are what GitLab has of acme/web, as patterns.
const (
	partMark   = "\n# "
	nothingYet = "error tracking off, no client key"
	oneKey     = `error tracking on, client key \d+`
)

func (d *demo) run(ctx context.Context) {
	for _, chapter := range []func(context.Context){
		d.setUp, d.create, d.importKey, d.sendEvent, d.query, d.rotate, d.cleanUp,
	} {
		if chapter(ctx); d.err != nil {
			return
		}
	}
	d.tell(plain, "\nNext: docs/guides/getting-started.md sets this up for a project of your own.")
}

func (d *demo) setUp(ctx context.Context) {
	d.begin(ctx, "Set up")
	if d.err = d.useCheckout(ctx); d.err != nil {
		return
	}
	d.parts = strings.Split(d.read("main.tf"), partMark)
	d.tell(plain, fmt.Sprintf("A simulated GitLab at %s, %s, and the provider of this checkout.", d.gitlab.URL(), d.engine))
	d.look("nothing", nothingYet)
}

// add shows a part of main.tf and applies the parts up to it. apply applies some parts.
func (d *demo) add(ctx context.Context, part int, prints ...string) {
	d.tell(code, strings.TrimSpace(partMark+d.parts[part]))
	d.apply(ctx, d.parts[:part+1], prints...)
}

func (d *demo) apply(ctx context.Context, parts []string, prints ...string) {
	d.write("main.tf", strings.Join(parts, partMark))
	d.terraform(ctx, "apply -auto-approve", prints...)
}

func (d *demo) create(ctx context.Context) {
	d.begin(ctx, "Plan and apply")
	d.add(ctx, 1, "Plan: 2 to add, 0 to change, 0 to destroy.", "Apply complete! Resources: 2 added, 0 changed, 0 destroyed.")
	d.look(".*", oneKey)
	d.tell(plain, "GitLab adds a key by itself when tracking is enabled. The provider leaves only the declared one.")
}

func (d *demo) importKey(ctx context.Context) {
	d.begin(ctx, "Import an existing key")
	d.add(ctx, 2, "Plan: 1 to import, 0 to add, 0 to change, 0 to destroy.", "Apply complete! Resources: 1 imported, 0 added, 0 changed, 0 destroyed.")
	d.tell(plain, "Terraform adopted the key.")
	d.look("nothing", oneKey)
}

func (d *demo) sendEvent(ctx context.Context) {
	d.begin(ctx, "Read the DSN and send an event")
	d.add(ctx, 3, "Apply complete! Resources: 0 added, 0 changed, 0 destroyed.")
	d.terraform(ctx, "output -raw web_dsn", regexp.QuoteMeta(d.gitlab.DSN(webID, d.gitlab.Keys(webID)[0].PublicKey)))
	if d.lacks("actions") {
		return
	}
	d.addFile("test-event.tf")
	d.terraform(ctx, "apply -auto-approve -invoke=action.gitlab_error_tracking_send_test_event.web", `\S+ accepted event .*`)
}

func (d *demo) query(ctx context.Context) {
	d.begin(ctx, "Find keys with a query")
	if d.lacks("queries") {
		return
	}
	d.addFile("find.tfquery.hcl")
	d.terraform(ctx, "query", `list\..*acme/web · key \d+`, `list\..*acme/shop · key 7`)
}

func (d *demo) rotate(ctx context.Context) {
	d.begin(ctx, "Rotate a key without a gap")
	const now, then = `{ rotated = "2026-11" }`, `{ rotated = "2026-12" }`
	d.tell(code, "- keepers = "+now+"\n+ keepers = "+then)
	d.parts[1] = strings.Replace(d.parts[1], now, then, 1)
	d.apply(ctx, d.parts, "Plan: 1 to add, 0 to change, 1 to destroy.", "Apply complete! Resources: 1 added, 0 changed, 1 destroyed.")
	d.look(`POST client_keys, DELETE client_keys/\d+`, oneKey)
	d.terraform(ctx, "plan", "No changes. Your infrastructure matches the configuration.")
}

// cleanUp destroys what Terraform created. The key that it imported stays in GitLab.
func (d *demo) cleanUp(ctx context.Context) {
	d.begin(ctx, "Clean up")
	d.tell(plain, "The key of acme/shop was there before Terraform. To keep it, Terraform forgets it first.")
	d.terraform(ctx, "state rm gitlab_error_tracking_client_key.shop", "Successfully removed 1 .*")
	d.write("main.tf", strings.Join(slices.Delete(d.parts, 2, 3), partMark))
	d.terraform(ctx, "destroy -auto-approve", "Plan: 0 to add, 0 to change, 2 to destroy.", "Destroy complete! Resources: 2 destroyed.")
	d.look(".*", nothingYet)
}

// lacks says so if the engine lacks a feature of Terraform 1.14.
func (d *demo) lacks(feature string) bool {
	lacking := d.engine.Product == engine.OpenTofu || !d.engine.AtLeast("1.14")
	if lacking {
		d.tell(plain, fmt.Sprintf("Skipped: %s need Terraform 1.14 or newer, and this is %s.", feature, d.engine))
	}
	return lacking
}

// read returns a file of examples/demo. addFile shows one and adds it to the configuration.
func (d *demo) read(name string) string {
	text, err := os.ReadFile("examples/demo/" + name)
	if d.err == nil {
		d.err = err
	}
	return string(text)
}

func (d *demo) addFile(name string) {
	text := d.read(name)
	d.tell(code, strings.TrimSpace(text))
	d.write(name, text)
}
