package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// demo is what the sections share.
type demo struct {
	story  *story
	gitlab *gitlabsim.Server
	engine *engine
	config string   // main.tf as it is applied
	later  []string // the parts of main.tf that are still to come
}

// partMark begins a part of main.tf.
const partMark = "\n# "

func (d *demo) begin(ctx context.Context) error {
	text, err := os.ReadFile("examples/demo/main.tf")
	if err != nil {
		return err
	}
	parts := strings.Split(string(text), partMark)
	if len(parts) != 3 {
		return fmt.Errorf("main.tf has %d parts, expected the provider, web and shop", len(parts))
	}
	d.config, d.later = parts[0], parts[1:]
	d.story.tell(plain, fmt.Sprintf("A simulator at %s, %s, and the provider of this checkout.", d.gitlab.URL(), d.engine))
	if err := errors.Join(d.engine.buildProvider(ctx), d.engine.write("main.tf", d.config)); err != nil {
		return err
	}
	if _, err := d.run(ctx, "init"); err != nil {
		return err
	}
	return d.gitlabHas("acme/web: error tracking off, no client key", "acme/shop: error tracking on, client key 7")
}

// add shows the next part of main.tf and applies it. The plan has the given changes.
func (d *demo) add(ctx context.Context, plan, apply string) error {
	part := partMark + d.later[0]
	d.config, d.later = d.config+part, d.later[1:]
	d.story.tell(code, part)
	return d.apply(ctx, plan, apply)
}

// apply applies the configuration. It checks Terraform's summary of the plan and of the apply.
func (d *demo) apply(ctx context.Context, plan, apply string) error {
	if err := d.engine.write("main.tf", d.config); err != nil {
		return err
	}
	return d.terraform(ctx, "apply -auto-approve", "Plan: "+plan+".", "Apply complete! Resources: "+apply+".")
}

func (d *demo) create(ctx context.Context) error {
	if err := d.add(ctx, "2 to add, 0 to change, 0 to destroy", "2 added, 0 changed, 0 destroyed"); err != nil {
		return err
	}
	if err := d.gitlabReceived("POST /projects/1/error_tracking/client_keys", "PUT /projects/1/error_tracking/settings",
		"DELETE /projects/1/error_tracking/client_keys/8", "POST /projects/1/error_tracking/client_keys"); err != nil {
		return err
	}
	d.story.tell(plain, "Client key 8 was temporary: while it existed, GitLab created no key by itself. So client key 9 is the only one.")
	return d.gitlabHas("acme/web: error tracking on, client key 9", "acme/shop: error tracking on, client key 7")
}

func (d *demo) importKey(ctx context.Context) error {
	if err := d.add(ctx, "1 to import, 0 to add, 0 to change, 0 to destroy", "1 imported, 0 added, 0 changed, 0 destroyed"); err != nil {
		return err
	}
	if err := d.gitlabReceived("no write"); err != nil {
		return err
	}
	return d.gitlabHas("acme/web: error tracking on, client key 9", "acme/shop: error tracking on, client key 7")
}

func (d *demo) sendEvent(ctx context.Context) error {
	dsn, err := d.run(ctx, "output -raw web_dsn")
	if err != nil {
		return err
	}
	publicKey := d.gitlab.Keys(webID)[0].PublicKey
	if dsn != d.gitlab.DSN(webID, publicKey) {
		return errors.New("this is not the DSN of client key 9")
	}
	d.story.tell(result, strings.Replace(dsn, publicKey, publicKey[:9]+"…", 1))
	const message = "checkout failed: card declined"
	if d.engine.hasActions() {
		err = d.invokeAction(ctx)
	} else {
		d.story.tell(plain, "An application with this DSN reports an error.")
		d.story.tell(code, fmt.Sprintf("sentry.CaptureMessage(%q)", message))
		err = send(ctx, dsn, message)
	}
	if err != nil {
		return err
	}
	events := d.gitlab.Events()
	if len(events) != 1 || events[0].ProjectID != webID || events[0].PublicKey != publicKey || events[0].Message != message {
		return fmt.Errorf("GitLab received %+v", events)
	}
	d.story.tell(result, "acme/web received the event through client key 9.")
	return nil
}

// progress finds what an action reports.
var progress = regexp.MustCompile(`Sending a test event .*|\S+ accepted event .*`)

// invokeAction sends an event with the action of the provider.
func (d *demo) invokeAction(ctx context.Context) error {
	if err := d.showFile("test-event.tf"); err != nil {
		return err
	}
	output, err := d.run(ctx, "apply -auto-approve -invoke=action.gitlab_error_tracking_send_test_event.web")
	if err != nil {
		return err
	}
	d.story.tell(result, strings.Join(progress.FindAllString(output, -1), "\n"))
	return nil
}

// showFile shows a file of examples/demo and adds it to the configuration.
func (d *demo) showFile(name string) error {
	text, err := os.ReadFile("examples/demo/" + name)
	if err != nil {
		return err
	}
	d.story.tell(code, string(text))
	return d.engine.write(name, string(text))
}

func (d *demo) query(ctx context.Context) error {
	if err := d.showFile("find.tfquery.hcl"); err != nil {
		return err
	}
	if !d.engine.hasQueries() {
		d.story.tell(plain, needsQuery+" This is "+d.engine.String()+".")
		return nil
	}
	output, err := d.run(ctx, "query")
	if err != nil {
		return err
	}
	found := strings.TrimSpace(output)
	d.story.tell(result, found)
	if strings.Count(found, "list.") != 2 || !strings.Contains(found, "acme/web · key 9") || !strings.Contains(found, "acme/shop · key 7") {
		return errors.New("these are not the keys in GitLab")
	}
	return nil
}

func (d *demo) rotate(ctx context.Context) error {
	const now, then = `{ rotated = "2026-11" }`, `{ rotated = "2026-12" }`
	d.story.tell(code, "- keepers = "+now+"\n+ keepers = "+then)
	d.config = strings.Replace(d.config, now, then, 1)
	if err := d.apply(ctx, "1 to add, 0 to change, 1 to destroy", "1 added, 0 changed, 1 destroyed"); err != nil {
		return err
	}
	if err := d.gitlabReceived("POST /projects/1/error_tracking/client_keys", "DELETE /projects/1/error_tracking/client_keys/9"); err != nil {
		return err
	}
	return d.gitlabHas("acme/web: error tracking on, client key 10", "acme/shop: error tracking on, client key 7")
}

func (d *demo) planAgain(ctx context.Context) error {
	return d.terraform(ctx, "plan", "No changes. Your infrastructure matches the configuration.")
}

func (d *demo) destroy(ctx context.Context) error {
	if err := d.terraform(ctx, "destroy -auto-approve", "Plan: 0 to add, 0 to change, 3 to destroy.",
		"Destroy complete! Resources: 3 destroyed."); err != nil {
		return err
	}
	if err := d.gitlabHas("acme/web: error tracking off, no client key", "acme/shop: error tracking on, no client key"); err != nil {
		return err
	}
	d.story.tell(plain, "The settings of acme/shop are not in Terraform, so they stay.")
	return nil
}

// run shows a command of Terraform, runs it and returns its output.
func (d *demo) run(ctx context.Context, arguments string) (string, error) {
	d.story.tell(command, d.engine.name()+" "+arguments)
	return d.engine.run(ctx, strings.Fields(arguments)...)
}

// summary finds the lines of Terraform that sum up a command, and its warnings.
var summary = regexp.MustCompile(`(?m)^(?:│ )?((?:Plan|Warning): .*|(?:Apply|Destroy) complete! .*|No changes\. .*)$`)

// terraform runs a command and shows its summary, which must be the wanted one.
func (d *demo) terraform(ctx context.Context, arguments string, want ...string) error {
	output, err := d.run(ctx, arguments)
	if err != nil {
		return err
	}
	var got []string
	for _, match := range summary.FindAllStringSubmatch(output, -1) {
		got = append(got, match[1])
	}
	d.story.tell(result, strings.Join(got, "\n"))
	return expect(got, want)
}

func expect(got, want []string) error {
	if !slices.Equal(got, want) {
		return fmt.Errorf("expected:\n%s", strings.Join(want, "\n"))
	}
	return nil
}
