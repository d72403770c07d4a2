package gitlabsim

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// DefaultVersion is the GitLab version that is simulated when a scenario names none.
const DefaultVersion = "19.6.0"

// version is the part of a GitLab version that decides what it can do.
type version struct{ major, minor int }

// parseVersion reads a version such as 19.6.0 or 15.10.3-ee.
func parseVersion(text string) (version, error) {
	majorText, rest, _ := strings.Cut(text, ".")
	minorText, _, _ := strings.Cut(rest, ".")
	major, majorErr := strconv.Atoi(majorText)
	minor, minorErr := strconv.Atoi(minorText)
	if err := cmp.Or(majorErr, minorErr); err != nil {
		return version{}, fmt.Errorf("version %q: %w", text, err)
	}
	return version{major, minor}, nil
}

// before reports whether v is older than other.
func (v version) before(other version) bool {
	return v.major < other.major || v.major == other.major && v.minor < other.minor
}
