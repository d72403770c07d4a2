package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	t.Parallel()

	const good = `{"Action":"start","Package":"m/internal/p"}
{"Action":"run","Package":"m/internal/p","Test":"TestA"}
{"Action":"pass","Package":"m/internal/p","Test":"TestA"}
{"Action":"run","Package":"m/internal/p","Test":"TestTable"}
{"Action":"run","Package":"m/internal/p","Test":"TestTable/one"}
{"Action":"pass","Package":"m/internal/p","Test":"TestTable/one"}
{"Action":"run","Package":"m/internal/p","Test":"TestTable/two"}
{"Action":"pass","Package":"m/internal/p","Test":"TestTable/two"}
{"Action":"pass","Package":"m/internal/p","Test":"TestTable"}
{"Action":"pass","Package":"m/internal/p"}
`
	const old = `{"Action":"start","Package":"m/internal/p"}
{"Action":"pass","Package":"m/internal/p","Test":"TestA"}
{"Action":"skip","Package":"m/internal/p","Test":"TestTable"}
{"Action":"pass","Package":"m/internal/p"}
{"Action":"skip","Package":"m/empty"}
`

	tests := []struct {
		name    string
		runs    []string
		folder  string
		partial bool
		ok      bool
		want    string
	}{
		{
			name: "a table counts by its rows",
			runs: []string{good}, ok: true,
			want: "engine E0: 3 passed, 0 failed, 0 skipped\nall: 3 passed, 0 failed, 0 skipped\n",
		},
		{
			name: "skipped on one engine and run on another",
			runs: []string{good, old}, ok: true,
			want: "engine E0: 3 passed, 0 failed, 0 skipped\nengine E1: 1 passed, 0 failed, 1 skipped (TestTable)\nall: 4 passed, 0 failed, 1 skipped\n",
		},
		{
			name: "skipped on every engine",
			runs: []string{old, old},
			want: "m/internal/p TestTable was skipped on every engine\n" +
				"engine E0: 1 passed, 0 failed, 1 skipped (TestTable)\nengine E1: 1 passed, 0 failed, 1 skipped (TestTable)\nall: 2 passed, 0 failed, 2 skipped\n",
		},
		{
			name: "skipped on the only engine there is",
			runs: []string{old}, partial: true, ok: true,
			want: "m/internal/p TestTable was skipped on every engine\nengine E0: 1 passed, 0 failed, 1 skipped (TestTable)\nall: 1 passed, 0 failed, 1 skipped\n",
		},
		{
			name: "a row skipped on one engine whose table is skipped on the other",
			runs: []string{strings.ReplaceAll(good, `"pass","Package":"m/internal/p","Test":"TestTable/two"`,
				`"skip","Package":"m/internal/p","Test":"TestTable/two"`), old},
			want: "m/internal/p TestTable/two was skipped on every engine\n" +
				"engine E0: 2 passed, 0 failed, 1 skipped (TestTable/two)\nengine E1: 1 passed, 0 failed, 1 skipped (TestTable)\nall: 3 passed, 0 failed, 2 skipped\n",
		},
		{
			name: "a failed row is one failure with its whole output",
			runs: []string{`{"Action":"output","Package":"m/internal/p","Test":"TestTable","Output":"outer\n"}
{"Action":"output","Package":"m/internal/p","Test":"TestTable/one","Output":"first\n"}
{"Action":"output","Package":"m/internal/p","Test":"TestTable/one","Output":"second\n"}
{"Action":"fail","Package":"m/internal/p","Test":"TestTable/one"}
{"Action":"pass","Package":"m/internal/p","Test":"TestTable/two"}
{"Action":"fail","Package":"m/internal/p","Test":"TestTable"}
{"Action":"output","Package":"m/internal/p","Output":"FAIL\n"}
{"Action":"fail","Package":"m/internal/p"}
`},
			want: "engine E0: m/internal/p TestTable failed\nouter\n\n" +
				"engine E0: m/internal/p TestTable/one failed\nfirst\nsecond\n\n" +
				"engine E0: 1 passed, 1 failed, 0 skipped\nall: 1 passed, 1 failed, 0 skipped\n",
		},
		{
			name: "a subtest with a slash in its own name",
			runs: []string{`{"Action":"run","Package":"m/internal/p","Test":"TestTable"}
{"Action":"run","Package":"m/internal/p","Test":"TestTable/acme/web"}
{"Action":"pass","Package":"m/internal/p","Test":"TestTable/acme/web"}
{"Action":"pass","Package":"m/internal/p","Test":"TestTable"}
{"Action":"pass","Package":"m/internal/p"}
`}, ok: true,
			want: "engine E0: 1 passed, 0 failed, 0 skipped\nall: 1 passed, 0 failed, 0 skipped\n",
		},
		{
			name: "a test that never ended",
			runs: []string{`{"Action":"run","Package":"m/internal/p","Test":"TestA"}
{"Action":"output","Package":"m/internal/p","Test":"TestA","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"m/internal/p"}
`},
			want: "engine E0: m/internal/p TestA failed\npanic: test timed out\n\n" +
				"engine E0: 0 passed, 1 failed, 0 skipped\nall: 0 passed, 1 failed, 0 skipped\n",
		},
		{
			name: "a package that does not compile",
			runs: []string{`{"ImportPath":"m/internal/p [m/internal/p.test]","Action":"build-output","Output":"p.go:1: undefined: x\n"}
{"ImportPath":"m/internal/p [m/internal/p.test]","Action":"build-fail"}
{"Action":"start","Package":"m/internal/p"}
{"Action":"fail","Package":"m/internal/p","FailedBuild":"m/internal/p [m/internal/p.test]"}
`},
			want: "engine E0: m/internal/p failed\np.go:1: undefined: x\n\n" +
				"engine E0: 0 passed, 1 failed, 0 skipped\nall: 0 passed, 1 failed, 0 skipped\n",
		},
		{
			name: "one package is counted, a failure elsewhere is told",
			runs: []string{good + `{"Action":"output","Package":"m/q","Test":"TestQ","Output":"broken\n"}
{"Action":"fail","Package":"m/q","Test":"TestQ"}
{"Action":"fail","Package":"m/q"}
`},
			folder: "internal/p",
			want:   "engine E0: m/q TestQ failed\nbroken\n\nengine E0: 3 passed, 0 failed, 0 skipped\nall: 3 passed, 0 failed, 0 skipped\n",
		},
		{
			name: "nothing ran in the package that is counted",
			runs: []string{good}, folder: "internal/elsewhere",
			want: "engine E0: 0 passed, 0 failed, 0 skipped\nall: 0 passed, 0 failed, 0 skipped\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			var runs []*run
			for i, text := range tt.runs {
				r, err := read("E"+string(rune('0'+i)), strings.NewReader(text))
				if err != nil {
					t.Fatal(err)
				}
				runs = append(runs, r)
			}
			var out strings.Builder
			if ok := report(&out, runs, tt.folder, tt.partial); ok != tt.ok {
				t.Errorf("ok = %t, want %t", ok, tt.ok)
			}
			if out.String() != tt.want {
				t.Errorf("printed\n%s\nwant\n%s", out.String(), tt.want)
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()

	noPackage := filepath.Join(t.TempDir(), "run.json")
	if err := os.WriteFile(noPackage, []byte("go: cannot find main module\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, arg, want string }{
		{"no equals sign", "terraform", `"terraform" is not NAME=FILE`},
		{"no such file", "terraform=" + noPackage + ".gone", "no such file"},
		{"the go command failed", "terraform=" + noPackage, "engine terraform: no package was tested\ngo: cannot find main module"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			_, err := open(tt.arg)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
