package gitlabsim

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strconv"
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
	tokens      []*token
	projects    []*project
	groups      []*group
	lastKeyID   int64
	events      []Event
}

// project is a project with its rows.
type project struct {
	id         int64
	path       string
	oldPaths   []string
	visibility string
	archived   bool
	// flag is the feature flag integrated_error_tracking for this project.
	flag     bool
	settings *Settings
	// keys ascend by ID.
	keys []ClientKey
}

// newInstance fills a valid scenario's defaults in. address is where the server listens.
func newInstance(s Scenario, address string) instance {
	i := instance{
		externalURL: strings.TrimRight(cmp.Or(s.ExternalURL, address), "/"),
		dsnBaseURL:  valueOr(s.DSNBaseURL, defaultDSNBaseURL),
		versionText: cmp.Or(s.Version, DefaultVersion),
	}
	i.version, _ = parseVersion(i.versionText)
	for n, t := range s.Tokens {
		i.tokens = append(i.tokens, newToken(int64(n+1), t))
	}
	explicit := map[int64]bool{}
	for _, p := range s.Projects {
		for _, key := range p.ClientKeys {
			explicit[key.ID] = true
		}
	}
	var nextKeyID int64
	for _, p := range s.Projects {
		keys := slices.Clone(p.ClientKeys)
		for n := range keys {
			if keys[n].ID == 0 {
				nextKeyID++
				for explicit[nextKeyID] {
					nextKeyID++
				}
				keys[n].ID = nextKeyID
			}
			keys[n].PublicKey = cmp.Or(keys[n].PublicKey, publicKey(keys[n].ID))
			i.lastKeyID = max(i.lastKeyID, keys[n].ID)
		}
		slices.SortFunc(keys, func(a, b ClientKey) int { return cmp.Compare(a.ID, b.ID) })
		i.projects = append(i.projects, &project{
			id:         p.ID,
			path:       p.Path,
			oldPaths:   slices.Clone(p.OldPaths),
			visibility: cmp.Or(p.Visibility, visibilityPrivate),
			archived:   p.Archived,
			flag:       valueOr(p.IntegratedErrorTracking, valueOr(s.IntegratedErrorTracking, true)),
			settings:   p.Settings.clone(),
			keys:       keys,
		})
		i.addGroups(p.Path)
	}
	return i
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

// createKey adds an active client key to a project.
func (i *instance) createKey(p *project) ClientKey {
	i.lastKeyID++
	key := ClientKey{ID: i.lastKeyID, PublicKey: publicKey(i.lastKeyID)}
	p.keys = append(p.keys, key)
	return key
}

// publicKey makes a public key in GitLab's form. It depends on the ID alone, so that a run can be repeated.
func publicKey(id int64) string {
	return fmt.Sprintf("glet_%x", sha256.Sum256([]byte(strconv.FormatInt(id, 10))))[:len("glet_")+32]
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
