package gitlabsim

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
)

// defaultDSNBaseURL is where GitLab.com's DSNs point.
const defaultDSNBaseURL = "https://observe.gitlab.com"

const (
	visibilityPrivate  = "private"
	visibilityInternal = "internal"
	visibilityPublic   = "public"
)

// instance is the state of the simulated GitLab. Server.mu guards it.
type instance struct {
	externalURL string
	dsnBaseURL  string
	versionText string
	version     version
	// flag is the feature flag integrated_error_tracking of the instance.
	flag bool
	// errorTracking reports whether there is an error tracking API.
	errorTracking bool
	tokens        []*token
	projects      []*project
	groups        []*group
	lastKeyID     int64
	lastProjectID int64
	events        []Event
	rateLimit     *RateLimit
	// windows are those of the rate limit, by the text of the token.
	windows map[string]window
}

// newInstance fills a valid scenario's defaults in. address is where the server listens.
func newInstance(s Scenario, address string) instance {
	i := instance{
		externalURL:   strings.TrimRight(cmp.Or(s.ExternalURL, address), "/"),
		dsnBaseURL:    valueOr(s.DSNBaseURL, defaultDSNBaseURL),
		versionText:   cmp.Or(s.Version, DefaultVersion),
		flag:          valueOr(s.IntegratedErrorTracking, true),
		rateLimit:     s.RateLimit,
		windows:       map[string]window{},
		errorTracking: valueOr(s.ErrorTracking, true),
	}
	i.version, _ = parseVersion(i.versionText)
	i.setTokens(s.Tokens)
	for _, p := range numberKeys(s.Projects) {
		i.addProject(p)
	}
	return i
}

// setTokens replaces the tokens by valid ones.
func (i *instance) setTokens(tokens []Token) {
	i.tokens = nil
	for n, t := range tokens {
		i.tokens = append(i.tokens, newToken(int64(n+1), t))
	}
}

// valueOr returns what p points to, or other when p is nil.
func valueOr[T any](p *T, other T) T {
	if p == nil {
		return other
	}
	return *p
}

// clone returns a copy that shares nothing with s.
func (s *Settings) clone() *Settings {
	if s == nil {
		return nil
	}
	row := *s
	for _, text := range []**string{&row.ProjectName, &row.SentryExternalURL, &row.APIURL} {
		if *text != nil {
			*text = new(**text)
		}
	}
	return &row
}

// user answers GET /user.
func (i *instance) user(c *call) answer {
	name := fmt.Sprintf("user%d", c.token.id)
	return jsonAnswer(http.StatusOK, struct {
		ID       int64  `json:"id"`
		Username string `json:"username"`
		Name     string `json:"name"`
		State    string `json:"state"`
		WebURL   string `json:"web_url"`
		IsAdmin  bool   `json:"is_admin,omitempty"`
	}{c.token.id, name, name, "active", i.externalURL + "/" + name, c.token.admin})
}

// versions answers GET /version.
func (i *instance) versions(*call) answer {
	return jsonAnswer(http.StatusOK, struct {
		Version  string `json:"version"`
		Revision string `json:"revision"`
	}{i.versionText, "0123456789a"})
}
