package gitlabsim

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	tokenActive  = "active"
	tokenExpired = "expired"
	tokenRevoked = "revoked"
)

// everyProject is the key of a token's roles that names all projects.
const everyProject = "*"

// roleLevel is GitLab's number of a role. 0 means not a member.
type roleLevel int

const (
	guest      roleLevel = 10
	reporter   roleLevel = 20
	developer  roleLevel = 30
	maintainer roleLevel = 40
	owner      roleLevel = 50
)

// roles are the roles a scenario may name.
var roles = []struct {
	name  string
	level roleLevel
}{{"guest", guest}, {"reporter", reporter}, {"developer", developer}, {"maintainer", maintainer}, {"owner", owner}}

// roleNames lists the names of the roles, ascending.
func roleNames() []string {
	var names []string
	for _, r := range roles {
		names = append(names, r.name)
	}
	return names
}

// levelOf returns the level of a role. Unknown names have 0.
func levelOf(name string) roleLevel {
	for _, r := range roles {
		if r.name == name {
			return r.level
		}
	}
	return 0
}

// token is an access token with its user.
type token struct {
	id     int64
	text   string
	admin  bool
	scopes []string
	state  string
	// permissions are those of a fine-grained token, nil for all others.
	permissions map[string]bool
	// everywhere is the role in projects that have no entry in levels.
	everywhere roleLevel
	levels     map[int64]roleLevel
}

// newToken fills the defaults of a scenario's token in. id is the number of its user.
func newToken(id int64, t Token) *token {
	made := &token{id: id, text: t.Token, admin: t.Admin, scopes: t.Scopes, state: t.State, levels: map[int64]roleLevel{}}
	if made.scopes == nil {
		made.scopes = []string{"api"}
	}
	if t.Permissions != nil {
		made.permissions = map[string]bool{}
		for _, permission := range t.Permissions {
			made.permissions[permission] = true
		}
	}
	for key, role := range t.Roles {
		if key == everyProject {
			made.everywhere = levelOf(role)
			continue
		}
		if project, err := strconv.ParseInt(key, 10, 64); err == nil {
			made.levels[project] = levelOf(role)
		}
	}
	return made
}

// level returns the role of the token's user in a project.
func (t *token) level(p *project) roleLevel {
	if t.admin {
		return owner
	}
	if level, ok := t.levels[p.id]; ok {
		return level
	}
	return t.everywhere
}

// sees reports whether the token's user may know of a project.
func (t *token) sees(p *project) bool {
	return p.visibility != visibilityPrivate || t.level(p) > 0
}

// oauthError is the form of GitLab's answers about tokens.
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Scope       string `json:"scope,omitempty"`
}

// authenticate finds the token of a call and checks its state and scopes. Missing scopes come right after the 401s and
// before anything about the project, since GitLab checks them while it finds the user of the token, and names every scope
// of the endpoint, whether or not it would do for the method.
func (i *instance) authenticate(c *call, r route) *answer {
	c.token = i.tokenByText(tokenText(c.params, c.header))
	if c.token == nil {
		return refuse(message(http.StatusUnauthorized, "401 Unauthorized"))
	}
	const invalid = "invalid_token"
	switch c.token.state {
	case tokenExpired:
		return refuse(jsonAnswer(http.StatusUnauthorized, oauthError{Error: invalid,
			Description: "Token is expired. You can either do re-authorization or token refresh."}))
	case tokenRevoked:
		return refuse(jsonAnswer(http.StatusUnauthorized, oauthError{Error: invalid,
			Description: "Token was revoked. You have to re-authorize from the user."}))
	}
	if c.token.fineGrained() {
		return checkGranularity(r)
	}
	reading := append(slices.Clone(r.scopes), "api", "read_api")
	sufficient := reading
	if c.method != http.MethodGet && c.method != http.MethodHead {
		sufficient = []string{"api"}
	}
	if !slices.ContainsFunc(c.token.scopes, func(scope string) bool { return slices.Contains(sufficient, scope) }) {
		return refuse(jsonAnswer(http.StatusForbidden, oauthError{
			Error:       "insufficient_scope",
			Description: "The request requires higher privileges than provided by the access token.",
			Scope:       strings.Join(reading, " "),
		}))
	}
	return nil
}

// tokenByText returns nil when there is none.
func (i *instance) tokenByText(text string) *token {
	for _, t := range i.tokens {
		if t.text == text {
			return t
		}
	}
	return nil
}

// tokenText returns the token a request carries, or an empty text. GitLab looks for it in this order
// (lib/gitlab/auth/auth_finders.rb).
func tokenText(p params, header http.Header) string {
	var bearer string
	if scheme, text, found := strings.Cut(header.Get("Authorization"), " "); found && strings.EqualFold(scheme, "Bearer") {
		bearer = strings.TrimSpace(text)
	}
	return cmp.Or(p.text("private_token"), header.Get("PRIVATE-TOKEN"), p.text("access_token"), bearer)
}

// authorize finds the project of a call and checks the role in it, after the permissions of a fine-grained token.
func (i *instance) authorize(c *call, r route) *answer {
	if !r.ofProject {
		return nil
	}
	if c.token.fineGrained() {
		if refusal := i.checkPermissions(c, r); refusal != nil {
			return refusal
		}
	}
	if refusal := i.findProject(c); refusal != nil {
		return refusal
	}
	if c.token.level(c.project) < r.role {
		return refuse(message(http.StatusForbidden, "403 Forbidden"))
	}
	return nil
}

// refuse makes an answer the refusal of a check.
func refuse(a answer) *answer { return &a }
