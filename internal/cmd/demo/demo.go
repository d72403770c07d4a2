package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/errortracking/terraform-provider-gitlab/internal/provider"
	"github.com/hashicorp/terraform-exec/tfexec"
)

// What the simulated GitLab holds, and examples/demo speaks of.
const (
	token     = "demo-token"
	webID     = 1 // acme/web
	shopID    = 2 // acme/shop
	keyByHand = 7 // a client key of acme/shop
	// publicKeyByHand is that key itself.
	publicKeyByHand = "glet_0123456789abcdef0123456789abcdef"
)

// notRun begins the outcome of a step that the engine does not support.
const notRun = "not run"

// example is the folder of the configuration, below the root of the checkout.
const example = "examples/demo"

// rotated is the value of the variable that examples/demo is first applied with, rotatedAgain the next.
const (
	rotated      = "2026-11"
	rotatedAgain = "2026-12"
)

// demo is what the steps hand on to each other.
type demo struct {
	story  *story
	folder string // temporary; the configuration, the provider and the state are below it
	server *gitlabsim.Server
	path   string // of the engine
	tofu   bool   // the engine is OpenTofu
	engine engine
	webKey int64  // the ID of the key that Terraform made for acme/web
	webDSN string // its DSN
}

// close ends the server.
func (d *demo) close() {
	if d.server != nil {
		d.server.Close()
	}
}

func (d *demo) startGitLab(ctx context.Context) error {
	return d.story.step(ctx, "gitlab", "a simulator on 127.0.0.1", func() (string, error) {
		server, err := gitlabsim.Start(gitlabsim.Scenario{
			Tokens: []gitlabsim.Token{{Token: token, Roles: map[string]string{"*": "maintainer"}}},
			Projects: []gitlabsim.Project{
				{ID: webID, Path: "acme/web"},
				{ID: shopID, Path: "acme/shop", ClientKeys: gitlabsim.ClientKeys{{ID: keyByHand, PublicKey: publicKeyByHand}}},
			},
			// Terraform makes the keys of both projects at once. With the one of acme/shop put off they have the same IDs
			// in every run.
			Faults: []gitlabsim.Fault{{
				Method: http.MethodPost, Path: fmt.Sprintf("/projects/%d/error_tracking/client_keys", shopID),
				Status: http.StatusTooManyRequests, Headers: map[string]string{"Retry-After": "1"}, Times: 1,
			}},
		}, gitlabsim.Options{})
		if err != nil {
			return "", err
		}
		d.server = server
		server.SetDSNBaseURL(server.URL())
		return server.URL() + " has acme/web, acme/shop and a key made by hand", isolate(d.folder, server.URL(), token)
	})
}

// mirror is where the built provider is, as Terraform looks for it.
func (d *demo) mirror() string { return filepath.Join(d.folder, "mirror") }

func (d *demo) buildProvider(ctx context.Context) error {
	return d.story.step(ctx, "build", "the provider, for "+runtime.GOOS+"/"+runtime.GOARCH, func() (string, error) {
		start := time.Now()
		host := provider.Hostname
		if d.tofu {
			host = "registry.opentofu.org"
		}
		if err := buildMirror(ctx, d.mirror(), host); err != nil {
			return "", err
		}
		return fmt.Sprintf("built in %.1f s", time.Since(start).Seconds()), nil
	})
}

func (d *demo) showEngine(ctx context.Context) error {
	return d.story.step(ctx, "engine", "on PATH, downloaded or built", func() (string, error) {
		work := filepath.Join(d.folder, "work")
		err := os.CopyFS(work, os.DirFS(example))
		if err != nil {
			return "", err
		}
		product := "Terraform"
		if d.tofu {
			product = "OpenTofu"
		}
		d.engine, err = newEngine(ctx, d.path, work, d.story)
		return fmt.Sprintf("%s %s at %s", product, d.engine.version, d.path), err
	})
}

func (d *demo) init(ctx context.Context) error {
	return d.story.step(ctx, "init", example, func() (string, error) {
		if err := d.engine.loud.Init(ctx, tfexec.PluginDir(d.mirror())); err != nil {
			return "", err
		}
		return "the built provider is installed", nil
	})
}

func (d *demo) create(ctx context.Context) error {
	if err := d.plan(ctx, "two projects, two new keys, a key by its DSN", changes{add: 4, imports: 1}); err != nil {
		return err
	}
	return d.story.step(ctx, "apply", "that plan", func() (string, error) {
		if err := d.engine.apply(ctx); err != nil {
			return "", err
		}
		for _, project := range []int64{webID, shopID} {
			settings, ok := d.server.Settings(project)
			if !ok || !settings.Active || !settings.Integrated {
				return "", fmt.Errorf("GitLab does not have error tracking on in project %d", project)
			}
		}
		if keys := d.server.Keys(shopID); len(keys) != 2 || !has(keys, keyByHand) {
			return "", fmt.Errorf("GitLab has %d keys in acme/shop, want 2, one of them key %d", len(keys), keyByHand)
		}
		return fmt.Sprintf("tracking is on in both, key %d is in Terraform's care", keyByHand), nil
	})
}

func (d *demo) showOutputs(ctx context.Context) error {
	outputs, err := d.engine.quiet.Output(ctx)
	if err != nil {
		return err
	}
	if err := d.story.step(ctx, "output", "project_ids", func() (string, error) {
		var ids map[string]int64
		if err := json.Unmarshal(outputs["project_ids"].Value, &ids); err != nil {
			return "", err
		}
		if ids["web"] != webID || ids["shop"] != shopID {
			return "", fmt.Errorf("got %v, want web %d and shop %d", ids, webID, shopID)
		}
		return fmt.Sprintf("web %d, shop %d", ids["web"], ids["shop"]), nil
	}); err != nil {
		return err
	}
	if err := d.story.step(ctx, "output", "web_key_id", func() (string, error) {
		if err := json.Unmarshal(outputs["web_key_id"].Value, &d.webKey); err != nil {
			return "", err
		}
		if !has(d.server.Keys(webID), d.webKey) {
			return "", fmt.Errorf("GitLab has no key %d in acme/web", d.webKey)
		}
		return fmt.Sprint(d.webKey), nil
	}); err != nil {
		return err
	}
	return d.story.step(ctx, "output", "web_dsn (sensitive, shortened here)", func() (string, error) {
		if err := json.Unmarshal(outputs["web_dsn"].Value, &d.webDSN); err != nil {
			return "", err
		}
		if !outputs["web_dsn"].Sensitive {
			return "", errors.New("it is not marked sensitive")
		}
		publicKey := d.webPublicKey()
		if want := d.server.DSN(webID, publicKey); d.webDSN != want {
			return "", fmt.Errorf("it is not the DSN that GitLab gives for key %d", d.webKey)
		}
		return strings.Replace(d.webDSN, publicKey, publicKey[:min(9, len(publicKey))]+"…", 1), nil
	})
}

func (d *demo) query(ctx context.Context) error {
	return d.story.step(ctx, "query", "the client keys of the group acme", func() (string, error) {
		if d.tofu || d.engine.version.LessThan(querySince) {
			return fmt.Sprintf(notRun+": needs Terraform %s or newer", querySince), nil
		}
		found, err := d.engine.query(ctx)
		if err != nil {
			return "", err
		}
		var want []string
		for project, path := range map[int64]string{webID: "acme/web", shopID: "acme/shop"} {
			for _, key := range d.server.Keys(project) {
				want = append(want, fmt.Sprintf("%s · key %d", path, key.ID))
			}
		}
		slices.Sort(want)
		slices.Sort(found)
		if !slices.Equal(found, want) {
			return "", fmt.Errorf("it found %q, want %q", found, want)
		}
		return strings.Join(found, ", "), nil
	})
}

func (d *demo) sendEvent(ctx context.Context) error {
	const message = "checkout failed: card declined"
	return d.story.step(ctx, "event", fmt.Sprintf("%q to that DSN", message), func() (string, error) {
		if err := send(ctx, d.webDSN, message); err != nil {
			return "", err
		}
		publicKey := d.webPublicKey()
		if !slices.ContainsFunc(d.server.Events(), func(e gitlabsim.Event) bool {
			return e.ProjectID == webID && e.PublicKey == publicKey && e.Message == message
		}) {
			return "", errors.New("the event did not arrive")
		}
		return fmt.Sprintf("arrived in acme/web under key %d", d.webKey), nil
	})
}

func (d *demo) planAgain(ctx context.Context) error {
	return d.plan(ctx, "the same configuration again", changes{})
}

func (d *demo) rotate(ctx context.Context) error {
	variable := "rotated=" + rotatedAgain
	on := fmt.Sprintf("keepers of acme/web's key, %s to %s", rotated, rotatedAgain)
	if err := d.plan(ctx, on, changes{add: 1, destroy: 1}, tfexec.Var(variable)); err != nil {
		return err
	}
	return d.story.step(ctx, "apply", "that plan", func() (string, error) {
		d.server.ClearRequests()
		if err := d.engine.apply(ctx); err != nil {
			return "", err
		}
		outputs, err := d.engine.quiet.Output(ctx)
		if err != nil {
			return "", err
		}
		old := d.webKey
		if err := json.Unmarshal(outputs["web_key_id"].Value, &d.webKey); err != nil {
			return "", err
		}
		keys := d.server.Keys(webID)
		if d.webKey == old || !has(keys, d.webKey) || has(keys, old) {
			return "", fmt.Errorf("key %d was not replaced by another in GitLab", old)
		}
		methods := writes(d.server.Requests())
		if !slices.Equal(methods, []string{"POST", "DELETE"}) {
			return "", fmt.Errorf("the requests were %v, want the new key to be made before the old one is deleted", methods)
		}
		return fmt.Sprintf("key %d was made, then key %d deleted", d.webKey, old), nil
	})
}

func (d *demo) destroy(ctx context.Context) error {
	if err := d.plan(ctx, "to destroy everything", changes{destroy: 5}, tfexec.Destroy(true)); err != nil {
		return err
	}
	return d.story.step(ctx, "apply", "that plan", func() (string, error) {
		if err := d.engine.apply(ctx); err != nil {
			return "", err
		}
		for _, project := range []int64{webID, shopID} {
			if settings, ok := d.server.Settings(project); !ok || settings.Active {
				return "", fmt.Errorf("GitLab still has error tracking on in project %d", project)
			}
			if keys := d.server.Keys(project); len(keys) > 0 {
				return "", fmt.Errorf("GitLab still has %d keys in project %d", len(keys), project)
			}
		}
		state, err := d.engine.quiet.Show(ctx)
		if err != nil {
			return "", err
		}
		if state.Values != nil {
			return "", errors.New("the state is not empty")
		}
		return "tracking is off, no key is left", nil
	})
}

// plan plans, and fails when the plan is not the wanted one.
func (d *demo) plan(ctx context.Context, on string, want changes, options ...tfexec.PlanOption) error {
	return d.story.step(ctx, "plan", on, func() (string, error) {
		got, err := d.engine.plan(ctx, options...)
		if err == nil && got != want {
			err = fmt.Errorf("the plan has %s, want %s", got, want)
		}
		return got.String(), err
	})
}

// webPublicKey returns the public key that GitLab has for webKey, and nothing when it has none.
func (d *demo) webPublicKey() string {
	for _, key := range d.server.Keys(webID) {
		if key.ID == d.webKey {
			return key.PublicKey
		}
	}
	return ""
}

// has reports whether a key with the ID is among keys.
func has(keys []gitlabsim.ClientKey, id int64) bool {
	return slices.ContainsFunc(keys, func(key gitlabsim.ClientKey) bool { return key.ID == id })
}

// writes returns the methods of the requests that are not reads, in their order.
func writes(requests []gitlabsim.Request) []string {
	var methods []string
	for _, r := range requests {
		if r.Method != "GET" {
			methods = append(methods, r.Method)
		}
	}
	return methods
}
