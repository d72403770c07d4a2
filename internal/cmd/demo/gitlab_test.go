package main

import (
	"io"
	"testing"
)

// The demo fails when GitLab has something else than the demo says.
func TestGitLabHas(t *testing.T) {
	t.Parallel()

	gitlab, err := startGitLab()
	if err != nil {
		t.Fatal(err)
	}
	defer gitlab.Close()
	d := &demo{story: &story{out: io.Discard}, gitlab: gitlab}
	want := []string{"acme/web: error tracking off, no client key", "acme/shop: error tracking on, client key 7"}
	if err := d.gitlabHas(want...); err != nil {
		t.Error(err)
	}
	gitlab.AddKey(shopID)
	if err := d.gitlabHas(want...); err == nil {
		t.Error("no error for another key")
	}
	if last := d.story.told[len(d.story.told)-1].text; last != "  acme/shop: error tracking on, client key 7 8" {
		t.Errorf("told %q", last)
	}
	if err := d.gitlabReceived("no write"); err != nil {
		t.Error(err)
	}
}
