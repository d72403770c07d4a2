package main

import (
	"strings"
	"testing"
)

func TestTell(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		name     string
		coloured bool
		want     string
	}{
		{"plain", false, "== Destroy\n    a {\n\n    }\nGitLab has\n"},
		{"coloured", true, "\x1b[1m== Destroy\x1b[0m\n\x1b[36m    a {\x1b[0m\n\x1b[36m\x1b[0m\n\x1b[36m    }\x1b[0m\nGitLab has\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			var out strings.Builder
			s := &story{out: &out, coloured: tt.coloured}
			s.tell(title, "Destroy")
			s.tell(code, "\na {\n\n}\n")
			s.tell(plain, "GitLab has")
			if out.String() != tt.want {
				t.Errorf("printed\n%q\nwant\n%q", out.String(), tt.want)
			}
			if len(s.told) != 5 || s.told[3] != (line{code, "    }"}) {
				t.Errorf("told %q", s.told)
			}
		})
	}
}
