package provider

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/google/go-cmp/cmp"
)

// The troubleshooting guide has a heading for each title, and no other heading of its level.
func TestTitles_documented(t *testing.T) {
	t.Parallel()
	var want, got []string
	for _, title := range titles {
		want = append(want, title.text)
	}
	for _, heading := range regexp.MustCompile(`(?m)^### (.+)$`).FindAllStringSubmatch(troubleshooting(t), -1) {
		got = append(got, heading[1])
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headings of the guide (-want +got):\n%s", diff)
	}
}

// The guide's table of causes has the first sentence of each cause.
func TestAdvice_documented(t *testing.T) {
	t.Parallel()
	guide := troubleshooting(t)
	for kind, known := range adviceOn {
		first, _, _ := strings.Cut(known.cause, ". ")
		first, _, _ = strings.Cut(first, ": ")
		if first = strings.TrimSuffix(first, "."); !strings.Contains(guide, "| "+first+". |") {
			t.Errorf("%q is not in the table of causes: %s", kind, first)
		}
	}
}

func troubleshooting(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../templates/guides/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each error of package errortracking has a cause and a cure.
func TestExplain(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../errortracking/errors.go")
	if err != nil {
		t.Fatal(err)
	}
	if kinds := regexp.MustCompile(`(?m)^\tErr\w+ += `).FindAll(source, -1); len(kinds) != len(adviceOn) {
		t.Errorf("errors.go has %d errors, there is advice on %d", len(kinds), len(adviceOn))
	}
	for kind, advice := range adviceOn {
		text := explain(&errortracking.Error{Kind: kind, Method: "GET", Path: "/api/v4/projects/1", Status: 418})
		if !strings.Contains(text, advice.cause) || !strings.Contains(text, advice.cure) || !strings.HasSuffix(advice.cause, ".") || !strings.HasSuffix(advice.cure, ".") {
			t.Errorf("%v is explained as %q", kind, text)
		}
	}
	if text := explain(errors.New("plain")); text != "plain." {
		t.Errorf("an error of no kind is explained as %q", text)
	}
}
