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
	// flag is the feature flag integrated_error_tracking of the instance.
	flag bool
	// errorTracking tells whether there is an error tracking API.
	errorTracking bool
	tokens        []*token
	projects      []*project
	groups        []*group
	lastKeyID     int64
	events        []Event
	rateLimit     *RateLimit
	// windows are those of the rate limit, by the text of the token.
	windows map[string]window
}

// project is a project with its rows.
type project struct {
	id         int64
	path       string
	oldPaths   []string
	visibility string
	archived   bool
	// flag is the feature flag integrated_error_tracking for this project. Nil means that of the instance.
	flag     *bool
	settings *Settings
	// keys ascend by ID.
	keys []ClientKey
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

// numberKeys returns the projects of a scenario with an ID in each client key: the next one that is free, counting up
// from 1 through all projects.
func numberKeys(projects []Project) []Project {
	explicit := map[int64]bool{}
	for _, p := range projects {
		for _, key := range p.ClientKeys {
			explicit[key.ID] = true
		}
	}
	projects = slices.Clone(projects)
	var next int64
	for n := range projects {
		keys := slices.Clone(projects[n].ClientKeys)
		for m := range keys {
			if keys[m].ID != 0 {
				continue
			}
			next++
			for explicit[next] {
				next++
			}
			keys[m].ID = next
		}
		projects[n].ClientKeys = keys
	}
	return projects
}

// addProject adds a valid project. Redirects from the paths it takes end.
func (i *instance) addProject(p Project) *project {
	made := &project{
		id:         p.ID,
		path:       p.Path,
		oldPaths:   slices.Clone(p.OldPaths),
		visibility: cmp.Or(p.Visibility, visibilityPrivate),
		archived:   p.Archived,
		flag:       p.IntegratedErrorTracking,
		settings:   p.Settings.clone(),
	}
	i.setKeys(made, p.ClientKeys)
	for _, path := range append([]string{p.Path}, p.OldPaths...) {
		i.endRedirect(path)
	}
	i.projects = append(i.projects, made)
	i.addGroups(p.Path)
	return made
}

// moveProject gives a project another path, which is valid. The old one redirects to it until another project takes it.
func (i *instance) moveProject(p *project, path string) {
	i.endRedirect(path)
	if !strings.EqualFold(p.path, path) {
		p.oldPaths = append(p.oldPaths, p.path)
	}
	p.path = path
	i.addGroups(path)
}

// endRedirect makes a path an old one of no project.
func (i *instance) endRedirect(path string) {
	for _, p := range i.projects {
		p.oldPaths = slices.DeleteFunc(p.oldPaths, func(old string) bool { return strings.EqualFold(old, path) })
	}
}

// removeProject deletes a project with everything it has.
func (i *instance) removeProject(p *project) {
	i.projects = slices.DeleteFunc(i.projects, func(other *project) bool { return other == p })
}

// setKeys replaces the client keys of a project by valid ones. A key without an ID gets the next one of the instance's
// sequence, which given IDs advance.
func (i *instance) setKeys(p *project, keys ClientKeys) {
	p.keys = slices.Clone(keys)
	for _, key := range p.keys {
		i.lastKeyID = max(i.lastKeyID, key.ID)
	}
	for n := range p.keys {
		key := &p.keys[n]
		if key.ID == 0 {
			i.lastKeyID++
			key.ID = i.lastKeyID
		}
		key.PublicKey = cmp.Or(key.PublicKey, publicKey(key.ID))
	}
	slices.SortFunc(p.keys, func(a, b ClientKey) int { return cmp.Compare(a.ID, b.ID) })
}

// taken returns what projects other than one have. Old paths are free for others to take.
func (i *instance) taken(except *project) taken {
	used := newTaken()
	for _, p := range i.projects {
		if p == except {
			continue
		}
		used.ids[p.id] = true
		used.paths[strings.ToLower(p.path)] = true
		for _, key := range p.keys {
			used.keyIDs[key.ID] = true
			used.publicKeys[key.PublicKey] = true
		}
	}
	return used
}

// flagOf returns the feature flag integrated_error_tracking as it counts for a project.
func (i *instance) flagOf(p *project) bool { return valueOr(p.flag, i.flag) }

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
