package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"
)

// kind is what a text of the story is: how its lines begin, and their ANSI style.
type kind struct{ before, style string }

var (
	title   = kind{"== ", "1;35"}
	plain   = kind{"", "0"}
	code    = kind{"    ", "36"}
	command = kind{"$ ", "1"}
	result  = kind{"  ", "32"}
)

// story prints what happens to stdout.
type story struct {
	coloured bool
	pace     time.Duration // before each chapter
	enter    chan struct{} // receives when Enter is pressed
}

// newStory returns a story with the colours and the pace that the environment asks for (https://no-color.org,
// https://bixense.com/clicolors).
func newStory() *story {
	s := &story{coloured: os.Getenv("CLICOLOR_FORCE") != "", enter: make(chan struct{})}
	if !term.IsTerminal(int(os.Stdout.Fd())) {
		return s
	}
	s.coloured = s.coloured || os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if seconds, err := strconv.Atoi(cmp.Or(os.Getenv("PACE"), "10")); err == nil && os.Getenv("CI") == "" {
		s.pace = time.Duration(seconds) * time.Second
		go func() {
			for keys := bufio.NewScanner(os.Stdin); keys.Scan(); {
				s.enter <- struct{}{}
			}
		}()
	}
	return s
}

// begin begins a chapter when Enter was pressed or the pace has passed.
func (s *story) begin(ctx context.Context, chapter string) {
	if s.pace > 0 {
		s.tell(plain, fmt.Sprintf("\nNext: %s (press Enter, or wait %s)", chapter, s.pace))
		select {
		case <-s.enter:
		case <-time.After(s.pace):
		case <-ctx.Done():
		}
	}
	fmt.Println()
	s.tell(title, chapter)
}

// tell prints the lines of a text.
func (s *story) tell(k kind, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(k.before+line, " ")
		if s.coloured {
			line = "\x1b[" + k.style + "m" + line + "\x1b[0m"
		}
		fmt.Println(line)
	}
}
