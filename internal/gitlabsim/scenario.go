package gitlabsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Scenario is what a simulated GitLab holds at the start. Its JSON form is the scenario file. The zero value is a GitLab
// with no projects that knows no token.
type Scenario struct {
	// ExternalURL is the address GitLab believes it has; redirects and paging links use it. A path in it is a relative
	// root, below which alone the API answers. Empty means the address the server listens on.
	ExternalURL string `json:"external_url"`
	// DSNBaseURL is the instance setting error_tracking_api_url. Nil means https://observe.gitlab.com, empty means that
	// the setting is unset, and what is no http or https URL is a broken setting: making, deleting and listing keys
	// then answers 500, after the work.
	DSNBaseURL *string `json:"dsn_base_url"`
	// IntegratedErrorTracking is the feature flag integrated_error_tracking of the instance. Nil means on.
	IntegratedErrorTracking *bool `json:"integrated_error_tracking"`
	// Version is what GET /version says, and decides which endpoints exist. Empty means [DefaultVersion].
	Version string `json:"version"`
	// Tokens are the access tokens GitLab knows.
	Tokens []Token `json:"tokens"`
	// Projects are the projects of the instance. Groups follow from their paths.
	Projects []Project `json:"projects"`
	// Faults are requests that go wrong.
	Faults []Fault `json:"faults"`
}

// Token is an access token and what its user may do.
type Token struct {
	Token string `json:"token"`
	// Admin lets the token's user do everything.
	Admin bool `json:"admin"`
	// Scopes are the token's scopes. Nil means api.
	Scopes []string `json:"scopes"`
	// Permissions make a fine-grained token, which has no scopes. They hold in the projects where the user has a role.
	// The names are read_error_tracking_setting, update_error_tracking_setting, read_error_tracking_client_key,
	// create_error_tracking_client_key, delete_error_tracking_client_key and read_project. Nil means an ordinary token.
	Permissions []string `json:"permissions"`
	// State is active, expired or revoked. Empty means active.
	State string `json:"state"`
	// Roles maps project IDs to guest, reporter, developer, maintainer or owner. The key "*" names every project that
	// has no key of its own.
	Roles map[string]string `json:"roles"`
}

// Project is a project.
type Project struct {
	ID   int64  `json:"id"`
	Path string `json:"path"`
	// OldPaths are full paths the project had before. They answer like those of a moved project.
	OldPaths []string `json:"old_paths"`
	// Visibility is private, internal or public. Empty means private.
	Visibility string `json:"visibility"`
	Archived   bool   `json:"archived"`
	// IntegratedErrorTracking is the feature flag for this project. Nil means that of the instance.
	IntegratedErrorTracking *bool `json:"integrated_error_tracking"`
	// Settings is the project's settings row. Nil means that there is none.
	Settings *Settings `json:"settings"`
	// ClientKeys are the project's client keys.
	ClientKeys ClientKeys `json:"client_keys"`
}

// Settings is a stored row of error tracking settings. Integrated is the stored value: while the feature flag is off,
// GitLab's answers say false whatever is stored. A row with an APIURL counts as having a Sentry token too.
type Settings struct {
	Active            bool    `json:"active"`
	Integrated        bool    `json:"integrated"`
	ProjectName       *string `json:"project_name"`
	SentryExternalURL *string `json:"sentry_external_url"`
	APIURL            *string `json:"api_url"`
}

// ClientKey is a stored client key.
type ClientKey struct {
	// ID is unique in the whole instance. In a scenario 0 means the next free one.
	ID int64 `json:"id"`
	// PublicKey is unique too. In a scenario empty means one made from the ID.
	PublicKey string `json:"public_key"`
	Inactive  bool   `json:"inactive"`
}

// ClientKeys are the client keys of a project. Their JSON form is a list, or a number of active keys to make.
type ClientKeys []ClientKey

// MakeKeys returns n active client keys whose IDs and public keys are filled in at the start.
func MakeKeys(n int) ClientKeys { return make(ClientKeys, n) }

// UnmarshalJSON reads a count or a list. Unknown fields of a key are errors.
func (k *ClientKeys) UnmarshalJSON(data []byte) error {
	if data[0] != '[' && !bytes.Equal(data, []byte("null")) {
		var count int
		if err := json.Unmarshal(data, &count); err != nil || count < 0 {
			return fmt.Errorf("client_keys: %s is neither a count nor a list of keys", data)
		}
		*k = MakeKeys(count)
		return nil
	}
	var keys []ClientKey
	if err := decode(bytes.NewReader(data), &keys); err != nil {
		return fmt.Errorf("client_keys: %w", err)
	}
	*k = keys
	return nil
}

// ReadScenario reads the JSON of a scenario file. Fields it does not know, values of the wrong type or outside their
// range, and text after the JSON are errors that name field and value.
func ReadScenario(r io.Reader) (Scenario, error) {
	var s Scenario
	if err := decode(r, &s); err != nil {
		return Scenario{}, fmt.Errorf("scenario: %w", err)
	}
	if err := s.validate(); err != nil {
		return Scenario{}, err
	}
	return s, nil
}

// decode reads one JSON value into v and nothing else.
func decode(r io.Reader, v any) error {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more text after the JSON")
	}
	return nil
}

var (
	tokenScopes     = []string{"api", "read_api", "read_user", "read_repository", "write_repository", "read_registry", "write_registry"}
	tokenStates     = []string{tokenActive, tokenExpired, tokenRevoked}
	visibilities    = []string{visibilityPrivate, visibilityInternal, visibilityPublic}
	projectPath     = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+$`)
	publicKeyFormat = regexp.MustCompile(`^[A-Za-z0-9_]+$`)
)

// fieldError is a bad value in a field of a scenario.
func fieldError(field string, value any, want string) error {
	return fmt.Errorf("scenario: %s: %#v is not %s", field, value, want)
}

// oneOf returns an error unless value is allowed.
func oneOf(field, value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fieldError(field, value, "one of "+strings.Join(allowed, ", "))
}

// validate returns the first bad value.
func (s Scenario) validate() error {
	if s.ExternalURL != "" {
		if u, err := url.Parse(s.ExternalURL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return fieldError("external_url", s.ExternalURL, "an http or https URL")
		}
	}
	if s.Version != "" {
		if _, err := parseVersion(s.Version); err != nil {
			return fieldError("version", s.Version, "a version such as "+DefaultVersion)
		}
	}
	if err := s.validateProjects(); err != nil {
		return err
	}
	if err := s.validateTokens(); err != nil {
		return err
	}
	for n, fault := range s.Faults {
		if err := fault.validate(); err != nil {
			return fmt.Errorf("scenario: faults[%d].%w", n, err)
		}
	}
	return nil
}

func (s Scenario) validateProjects() error {
	ids := map[int64]bool{}
	paths := map[string]bool{}
	keyIDs := map[int64]bool{}
	publicKeys := map[string]bool{}
	for n, project := range s.Projects {
		field := fmt.Sprintf("projects[%d].", n)
		if project.ID <= 0 || ids[project.ID] {
			return fieldError(field+"id", project.ID, "a positive number of this project alone")
		}
		ids[project.ID] = true
		if err := uniquePath(field+"path", project.Path, paths); err != nil {
			return err
		}
		for m, path := range project.OldPaths {
			if err := uniquePath(fmt.Sprintf("%sold_paths[%d]", field, m), path, paths); err != nil {
				return err
			}
		}
		if project.Visibility != "" {
			if err := oneOf(field+"visibility", project.Visibility, visibilities); err != nil {
				return err
			}
		}
		for m, key := range project.ClientKeys {
			field := fmt.Sprintf("%sclient_keys[%d].", field, m)
			if key.ID < 0 || keyIDs[key.ID] {
				return fieldError(field+"id", key.ID, "a positive number of this key alone")
			}
			keyIDs[key.ID] = key.ID != 0
			if key.PublicKey == "" {
				continue
			}
			if publicKeys[key.PublicKey] || !publicKeyFormat.MatchString(key.PublicKey) {
				return fieldError(field+"public_key", key.PublicKey, "letters, digits and underscores of this key alone")
			}
			publicKeys[key.PublicKey] = true
		}
	}
	return nil
}

// uniquePath returns an error unless path is a full path that is not taken, and takes it.
func uniquePath(field, path string, taken map[string]bool) error {
	if !projectPath.MatchString(path) {
		return fieldError(field, path, "a full path such as group/project")
	}
	folded := strings.ToLower(path)
	if taken[folded] {
		return fieldError(field, path, "a path of this project alone")
	}
	taken[folded] = true
	return nil
}

func (s Scenario) validateTokens() error {
	tokens := map[string]bool{}
	for n, token := range s.Tokens {
		field := fmt.Sprintf("tokens[%d].", n)
		if token.Token == "" || tokens[token.Token] {
			return fieldError(field+"token", token.Token, "a text of this token alone")
		}
		tokens[token.Token] = true
		for m, scope := range token.Scopes {
			if err := oneOf(fmt.Sprintf("%sscopes[%d]", field, m), scope, tokenScopes); err != nil {
				return err
			}
		}
		if token.Permissions != nil && token.Scopes != nil {
			return fieldError(field+"scopes", token.Scopes, "for a token with permissions")
		}
		for m, permission := range token.Permissions {
			if err := oneOf(fmt.Sprintf("%spermissions[%d]", field, m), permission, permissionNames); err != nil {
				return err
			}
		}
		if token.State != "" {
			if err := oneOf(field+"state", token.State, tokenStates); err != nil {
				return err
			}
		}
		for _, project := range slices.Sorted(maps.Keys(token.Roles)) {
			if !s.hasProject(project) {
				return fieldError(field+"roles", project, `the ID of a project or "*"`)
			}
			if err := oneOf(field+"roles["+project+"]", token.Roles[project], roleNames()); err != nil {
				return err
			}
		}
	}
	return nil
}

// hasProject tells whether key of a token's roles names a project of the scenario, or all of them.
func (s Scenario) hasProject(key string) bool {
	return key == everyProject || slices.ContainsFunc(s.Projects, func(p Project) bool {
		return key == strconv.FormatInt(p.ID, 10)
	})
}
