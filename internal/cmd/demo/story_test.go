package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
)

func TestStep(t *testing.T) {
	t.Parallel()

	stopped, stop := context.WithCancel(t.Context())
	stop()
	failure := errors.New("the provider is not there")
	start := "init       examples/demo" + strings.Repeat(" ", onWidth-len("examples/demo"))
	tests := []struct {
		name   string
		ctx    context.Context
		colour bool
		detail string
		on     string
		fails  error
		want   string
		err    error
	}{
		{name: "one line", on: "examples/demo", want: start + "done\n"},
		{name: "failed", on: "examples/demo", fails: failure, want: start + "failed\n", err: failure},
		{name: "stopped", ctx: stopped, on: "examples/demo", fails: failure, want: start + "stopped\n", err: context.Canceled},
		{name: "coloured", colour: true, on: "examples/demo", want: "\x1b[1m" + start + "\x1b[0m\x1b[32mdone\x1b[0m\n"},
		{
			name: "details between", detail: "Terraform speaks\n", on: "examples/demo",
			want: start + "\nTerraform speaks\n" + start + "done\n",
		},
		{
			name: "longer than its column", on: strings.Repeat("ä", onWidth),
			want: "init       " + strings.Repeat("ä", onWidth) + "  done\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			ctx := tt.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			var out strings.Builder
			s := &story{out: &out, colour: tt.colour}
			err := s.step(ctx, "init", tt.on, func() (string, error) {
				if tt.detail != "" {
					fmt.Fprint(s, tt.detail)
				}
				return "done", tt.fails
			})
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if out.String() != tt.want {
				t.Errorf("printed\n%q\nwant\n%q", out.String(), tt.want)
			}
		})
	}
}

func TestCount(t *testing.T) {
	t.Parallel()

	change := func(importing bool, actions ...tfjson.Action) *tfjson.ResourceChange {
		c := &tfjson.Change{Actions: actions}
		if importing {
			c.Importing = &tfjson.Importing{ID: "1"}
		}
		return &tfjson.ResourceChange{Change: c}
	}
	tests := []struct {
		name string
		plan []*tfjson.ResourceChange
		want changes
		text string
	}{
		{name: "empty", text: "no changes"},
		{name: "nothing to do", plan: []*tfjson.ResourceChange{change(false, tfjson.ActionNoop)}, text: "no changes"},
		{
			name: "first apply",
			plan: []*tfjson.ResourceChange{change(false, tfjson.ActionCreate), change(true, tfjson.ActionNoop)},
			want: changes{add: 1, imports: 1},
			text: "1 to add, 1 to import",
		},
		{
			name: "a replacement and an update",
			plan: []*tfjson.ResourceChange{
				change(false, tfjson.ActionCreate, tfjson.ActionDelete), change(false, tfjson.ActionUpdate),
			},
			want: changes{add: 1, change: 1, destroy: 1},
			text: "1 to add, 1 to change, 1 to destroy",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			got := count(&tfjson.Plan{ResourceChanges: tt.plan})
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if got.String() != tt.text {
				t.Errorf("got %q, want %q", got.String(), tt.text)
			}
		})
	}
}
