package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"unicode/utf8"
)

// Widths of the two columns before a step's outcome.
const (
	whatWidth = 11
	onWidth   = 51
)

// story prints the demo, a line a step: what is being done, on what, and how it ended. What is written to it in a step
// stands between two lines of that step.
type story struct {
	out     io.Writer
	verbose bool // show what Terraform prints
	colour  bool
	told    []line // the steps that ended well

	mu     sync.Mutex
	broken bool // something was written after the start of the step's line
}

// line is what a step came to.
type line struct{ what, on, outcome string }

// newStory returns a story told on out. It is coloured on a terminal, unless NO_COLOR is set (https://no-color.org).
func newStory(out *os.File, verbose bool) *story {
	s := &story{out: out, verbose: verbose}
	if info, err := out.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		s.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return s
}

// step does one step. The start of its line is printed before, the outcome that do returns after.
func (s *story) step(ctx context.Context, what, on string, do func() (outcome string, err error)) error {
	start := s.paint("1", pad(what, whatWidth)+pad(on, onWidth))
	s.broken = false
	fmt.Fprint(s.out, start)
	outcome, err := do()
	if s.broken {
		fmt.Fprint(s.out, start)
	}
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(s.out, "stopped")
		return ctx.Err()
	case err != nil:
		fmt.Fprintln(s.out, s.paint("31", "failed"))
		return fmt.Errorf("%s, %s: %w", what, on, err)
	}
	fmt.Fprintln(s.out, s.paint("32", outcome))
	s.told = append(s.told, line{what, on, outcome})
	return nil
}

// Write prints a detail of the step. Terraform's two streams write at the same time.
func (s *story) Write(detail []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.broken {
		s.broken = true
		fmt.Fprintln(s.out)
	}
	return s.out.Write(detail)
}

// paint sets text in an ANSI colour or style where the story is coloured.
func (s *story) paint(code, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// pad fills text up to width characters, and ends it with two spaces at least.
func pad(text string, width int) string {
	return fmt.Sprintf("%s%*s", text, max(2, width-utf8.RuneCountInString(text)), "")
}
