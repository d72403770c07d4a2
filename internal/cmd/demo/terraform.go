package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/engine"
	"github.com/errortracking/terraform-provider-gitlab/internal/provider"
)

// useCheckout finds an engine and makes it use the provider of the checkout and the simulated GitLab, and none of the
// user's settings for Terraform and GitLab.
func (d *demo) useCheckout(ctx context.Context) (err error) {
	if d.engine, err = engine.Find(ctx, os.Stderr); err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", d.folder+string(filepath.Separator), ".")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, output)
	}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "TF_") && !strings.HasPrefix(entry, "GITLAB_") {
			d.env = append(d.env, entry)
		}
	}
	d.env = append(d.env, "GITLAB_BASE_URL="+d.gitlab.URL(), "GITLAB_TOKEN="+token, "CHECKPOINT_DISABLE=1",
		"TF_CLI_CONFIG_FILE="+filepath.Join(d.folder, "cli.tfrc"), "TF_CLI_ARGS=-no-color", "TF_INPUT=0", "TF_IN_AUTOMATION=1")
	d.write("cli.tfrc", fmt.Sprintf("provider_installation {\n  dev_overrides { %q = %q }\n  direct {}\n}\n",
		provider.Namespace+"/"+provider.TypeName, filepath.ToSlash(d.folder)))
	return d.err
}

// write writes a file into the folder.
func (d *demo) write(name, text string) {
	if d.err == nil {
		d.err = os.WriteFile(filepath.Join(d.folder, name), []byte(text), 0o600)
	}
}

// terraform shows and runs a command, and shows the lines of its output that match the patterns. Each must be there. An
// interrupt leaves Terraform time to stop the provider.
func (d *demo) terraform(ctx context.Context, arguments string, patterns ...string) {
	if d.err != nil {
		return
	}
	name := cmp.Or(map[string]string{engine.OpenTofu: "tofu"}[d.engine.Product], "terraform")
	d.tell(command, name+" "+arguments)
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, d.engine.Path, strings.Fields(arguments)...)
	cmd.Dir, cmd.Env = d.folder, d.env
	cmd.Stdout = &output
	if d.verbose {
		cmd.Stdout = io.MultiWriter(&output, os.Stdout)
	}
	cmd.Stderr = cmd.Stdout
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		d.err = fmt.Errorf("%w\n%s", err, &output)
		return
	}
	for _, pattern := range patterns {
		found := regexp.MustCompile(pattern).FindString(output.String())
		if found == "" {
			d.err = fmt.Errorf("%s %s did not print %s\n%s", name, arguments, pattern, &output)
			return
		}
		d.tell(result, found)
	}
}
