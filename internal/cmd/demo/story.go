package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// kind is what a line of the story is. It decides how the line is indented and coloured.
type kind string

const (
	title   kind = "title"
	plain   kind = "plain"
	code    kind = "code"
	command kind = "command"
	result  kind = "result"
)

// look is the text before the lines of a kind and their ANSI style.
var look = map[kind]struct{ before, style string }{
	title:   {"== ", "1"},
	plain:   {"", ""},
	code:    {"    ", "36"},
	command: {"$ ", "1"},
	result:  {"  ", "32"},
}

// line is a line of the story, without colour.
type line struct {
	kind kind
	text string
}

// story prints what happens, and keeps it for the picture.
type story struct {
	out      io.Writer
	coloured bool
	told     []line
}

// tell prints the lines of text.
func (s *story) tell(k kind, text string) {
	for one := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if one != "" {
			one = look[k].before + one
		}
		s.told = append(s.told, line{k, one})
		if s.coloured && look[k].style != "" {
			one = "\x1b[" + look[k].style + "m" + one + "\x1b[0m"
		}
		fmt.Fprintln(s.out, one)
	}
}

// isTerminal reports whether f shows colours. NO_COLOR turns them off (https://no-color.org).
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
