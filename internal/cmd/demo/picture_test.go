package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestSteady(t *testing.T) {
	t.Parallel()

	const server, built, found = "http://127.0.0.1:40123 has acme/web", "built in 12.5 s", "Terraform 1.16.1 at /opt/a b/terraform"
	tests := []struct {
		name     string
		outcomes []string
		want     []string
		wrong    string
	}{
		{
			name:     "ports, times and places",
			outcomes: []string{server, built, found, "web 1, shop 2", "http://glet_1958…@127.0.0.1:40123/errortracking"},
			want: []string{
				"http://127.0.0.1 has acme/web", "built", "Terraform 1.16.1", "web 1, shop 2", "http://glet_1958…@127.0.0.1/errortracking",
			},
		},
		{name: "another wording", outcomes: []string{server, "took 12 s", found}, wrong: "no step of the story says built in"},
		{name: "a step that did not run", outcomes: []string{server, built, found, notRun + ": too old"}, wrong: "would lack a step"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			var told []line
			for _, outcome := range tt.outcomes {
				told = append(told, line{outcome: outcome})
			}
			still, err := steady(told)
			if tt.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wrong) {
					t.Errorf("error %v, want %q", err, tt.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range still {
				got = append(got, l.outcome)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if told[0].outcome != tt.outcomes[0] {
				t.Errorf("the story itself was changed to %q", told[0].outcome)
			}
		})
	}
}

// The picture is XML whose texts are those of the lines, and it is as large as they need.
func TestDraw(t *testing.T) {
	t.Parallel()

	lines := []line{
		{"plan", `keepers of "acme" & <others>`, "1 to add"},
		{"query", "the group", strings.Repeat("ä", 40)},
	}
	var picture bytes.Buffer
	if err := draw(&picture, lines); err != nil {
		t.Fatal(err)
	}
	var texts []string
	var width, height string
	for decoder := xml.NewDecoder(&picture); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case start.Name.Local == "svg":
			for _, attribute := range start.Attr {
				switch attribute.Name.Local {
				case "width":
					width = attribute.Value
				case "height":
					height = attribute.Value
				}
			}
		case start.Name.Local == "tspan":
			var text string
			if err := decoder.DecodeElement(&text, &start); err != nil {
				t.Fatal(err)
			}
			texts = append(texts, text)
		}
	}
	want := []string{"plan", `keepers of "acme" & <others>`, "1 to add", "query", "the group", strings.Repeat("ä", 40)}
	if !slices.Equal(texts, want) {
		t.Errorf("the texts are %q, want %q", texts, want)
	}
	if width != "958" || height != "128" {
		t.Errorf("the picture is %s wide and %s high, want 958 and 128", width, height)
	}
}
