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

// passing are the parts of a story that differ from run to run, and what the picture has in their place.
var passing = []struct {
	pattern *regexp.Regexp
	standIn string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1"},
	{regexp.MustCompile(`built in [\d.]+ s`), "built"},
	{regexp.MustCompile(`^(\w+ \d\S*) at \S.*$`), "$1"},
}

// steady returns the lines without what is passing. What it cannot find has got another wording: that is an error, as is
// a step that did not run.
func steady(lines []line) ([]line, error) {
	found := make([]bool, len(passing))
	var still []line
	for _, l := range lines {
		if strings.HasPrefix(l.outcome, notRun) {
			return nil, fmt.Errorf("the picture would lack a step: %s %s", l.what, l.outcome)
		}
		for i, p := range passing {
			found[i] = found[i] || p.pattern.MatchString(l.outcome)
			l.outcome = p.pattern.ReplaceAllString(l.outcome, p.standIn)
		}
		still = append(still, l)
	}
	for i, p := range passing {
		if !found[i] {
			return nil, fmt.Errorf("no step of the story says %s", p.pattern)
		}
	}
	return still, nil
}

// Measures of the picture in pixels. The characters of most monospace fonts are 0.6 of their size wide.
const (
	fontSize   = 15
	charWidth  = 9
	lineHeight = 24
	margin     = 20
	titleBar   = 36
)

// terminal is the picture: a window with a command and the lines it printed.
var terminal = template.Must(template.New("terminal").Parse(`<svg xmlns="http://www.w3.org/2000/svg" width="{{.Width}}" height="{{.Height}}" viewBox="0 0 {{.Width}} {{.Height}}" role="img">
  <title>make demo</title>
  <style>
    text { font: {{.FontSize}}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #c9d1d9; }
    .step { font-weight: bold; }
    .outcome { fill: #56d364; }
  </style>
  <rect width="100%" height="100%" rx="8" fill="#0d1117"/>
  <circle cx="22" cy="20" r="6" fill="#ff5f56"/>
  <circle cx="42" cy="20" r="6" fill="#ffbd2e"/>
  <circle cx="62" cy="20" r="6" fill="#27c93f"/>
  <text x="{{.What}}" y="{{.Top}}">$ make demo</text>
{{- range .Lines}}
  <text y="{{.Y}}"><tspan x="{{$.What}}" class="step">{{html .What}}</tspan><tspan x="{{$.On}}" class="step">{{html .On}}</tspan><tspan x="{{$.Outcome}}" class="outcome">{{html .Outcome}}</tspan></text>
{{- end}}
</svg>
`))

// draw writes the lines as an SVG picture of a terminal. Its columns stand where those of the terminal do, whatever the
// width of the reader's font.
func draw(w io.Writer, lines []line) error {
	type row struct {
		Y                 int
		What, On, Outcome string
	}
	picture := struct {
		Width, Height, FontSize int
		What, On, Outcome       int // where the columns begin
		Top                     int
		Lines                   []row
	}{
		FontSize: fontSize,
		What:     margin,
		On:       margin + whatWidth*charWidth,
		Outcome:  margin + (whatWidth+onWidth)*charWidth,
		Top:      titleBar + lineHeight,
	}
	y := picture.Top
	for _, l := range lines {
		y += lineHeight
		picture.Lines = append(picture.Lines, row{y, l.what, l.on, l.outcome})
		picture.Width = max(picture.Width, picture.Outcome+utf8.RuneCountInString(l.outcome)*charWidth+margin)
	}
	picture.Height = y + margin
	return terminal.Execute(w, picture)
}

// drawFile draws the lines, without what differs from run to run, into a file.
func drawFile(name string, lines []line) error {
	lines, err := steady(lines)
	if err != nil {
		return err
	}
	var picture bytes.Buffer
	if err := draw(&picture, lines); err != nil {
		return err
	}
	return os.WriteFile(name, picture.Bytes(), 0o644)
}
