package provider

import (
	"encoding/json"
	"os/exec"
	"sync"
	"testing"

	"github.com/hashicorp/go-version"
)

// engineVersion is the version of the engine that tests drive by its command line.
var engineVersion = sync.OnceValues(func() (*version.Version, error) {
	path, err := enginePath()
	if err != nil {
		return nil, err
	}
	text, err := exec.Command(path, "version", "-json").Output()
	if err != nil {
		return nil, err
	}
	var says struct {
		Version string `json:"terraform_version"`
	}
	if err := json.Unmarshal(text, &says); err != nil {
		return nil, err
	}
	return version.NewVersion(says.Version)
})

// needsEngine skips a test of the command line on engines below a version, as sinceTerraform does for others.
func needsEngine(t *testing.T, least string) {
	t.Helper()
	have, err := engineVersion()
	if err != nil {
		t.Fatal(err)
	}
	if have.LessThan(version.Must(version.NewVersion(least))) {
		t.Skipf("the engine is of version %s, this needs %s", have, least)
	}
}
