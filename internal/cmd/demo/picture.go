package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"text/template"
	"unicode/utf8"
)

// columns is the width of the story in characters.
const columns = 100

// Measures of the picture in pixels. The characters of most monospace fonts are 0.6 of their size wide.
const (
	charWidth  = 9 // of a font of 15 pixels
	lineHeight = 20
	margin     = 20
	titleBar   = 36
)

var terminal = template.Must(template.New("terminal").Parse(`<svg xmlns="http://www.w3.org/2000/svg" width="{{.Width}}" height="{{.Height}}" viewBox="0 0 {{.Width}} {{.Height}}" role="img">
  <title>make demo</title>
  <style>
    text { font: 15px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #c9d1d9; white-space: pre; }
    .title, .command { font-weight: bold; }
    .title { fill: #ffffff; }
    .code { fill: #79c0ff; }
    .result { fill: #56d364; }
  </style>
  <rect width="100%" height="100%" rx="8" fill="#0d1117"/>
  <circle cx="22" cy="20" r="6" fill="#ff5f56"/>
  <circle cx="42" cy="20" r="6" fill="#ffbd2e"/>
  <circle cx="62" cy="20" r="6" fill="#27c93f"/>
{{- range .Rows}}
  <text x="{{.X}}" y="{{.Y}}" class="{{.Kind}}" xml:space="preserve">{{html .Text}}</text>
{{- end}}
</svg>
`))

// port is the part of the story that differs from run to run.
var port = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// draw writes the lines as an SVG picture of a terminal. A line that is too wide or says that a step did not run is an
// error.
func draw(w io.Writer, lines []line) error {
	type row struct {
		X, Y int
		Kind kind
		Text string
	}
	picture := struct {
		Width, Height int
		Rows          []row
	}{Width: columns*charWidth + 2*margin, Height: titleBar}
	for _, l := range append([]line{{command, "$ make demo"}}, lines...) {
		picture.Height += lineHeight
		if utf8.RuneCountInString(l.text) > columns {
			return fmt.Errorf("more than %d columns: %s", columns, l.text)
		}
		if strings.HasPrefix(l.text, needsQuery) {
			return fmt.Errorf("the picture would lack a step: %s", l.text)
		}
		text := strings.TrimLeft(port.ReplaceAllString(l.text, "127.0.0.1"), " ")
		if text != "" {
			indent := strings.Index(l.text, text[:1])
			picture.Rows = append(picture.Rows, row{margin + indent*charWidth, picture.Height, l.kind, text})
		}
	}
	picture.Height += margin
	return terminal.Execute(w, picture)
}

// drawFile draws the lines into a file.
func drawFile(name string, lines []line) error {
	var picture bytes.Buffer
	if err := draw(&picture, lines); err != nil {
		return err
	}
	return os.WriteFile(name, picture.Bytes(), 0o644)
}
