package main

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
	"testing"
)

// The picture is XML that has the text of each line, without the port of this run.
func TestDraw(t *testing.T) {
	t.Parallel()

	var picture bytes.Buffer
	if err := draw(&picture, []line{
		{title, "== Destroy"}, {plain, ""}, {code, `    keepers = "a" & <b>`}, {result, "  http://127.0.0.1:40123/x"},
	}); err != nil {
		t.Fatal(err)
	}
	var svg struct {
		Height int `xml:"height,attr"`
		Texts  []struct {
			X    int    `xml:"x,attr"`
			Text string `xml:",chardata"`
		} `xml:"text"`
	}
	if err := xml.Unmarshal(picture.Bytes(), &svg); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, one := range svg.Texts {
		texts = append(texts, strings.Repeat(" ", (one.X-margin)/charWidth)+one.Text)
	}
	want := []string{"$ make demo", "== Destroy", `    keepers = "a" & <b>`, "  http://127.0.0.1/x"}
	if !slices.Equal(texts, want) {
		t.Errorf("the texts are %q, want %q", texts, want)
	}
	if want := titleBar + 5*lineHeight + margin; svg.Height != want {
		t.Errorf("the picture is %d high, want %d", svg.Height, want)
	}
}

func TestDraw_refused(t *testing.T) {
	t.Parallel()

	for name, text := range map[string]string{
		"too wide":            strings.Repeat("ä", columns+1),
		"a step that did not": needsQuery + " This is Terraform 1.5.7.",
	} {
		if err := draw(&bytes.Buffer{}, []line{{plain, text}}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
