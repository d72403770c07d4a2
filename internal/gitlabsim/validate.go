package gitlabsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	tokenScopes     = []string{"api", "read_api", "read_user", "read_repository", "write_repository", "read_registry", "write_registry"}
	tokenStates     = []string{tokenActive, tokenExpired, tokenRevoked}
	visibilities    = []string{visibilityPrivate, visibilityInternal, visibilityPublic}
	projectPath     = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+$`)
	publicKeyFormat = regexp.MustCompile(`^[A-Za-z0-9_]+$`)
)

// decode reads one JSON value into v and nothing else. Its errors name unknown fields and fields of the wrong type.
func decode(r io.Reader, v any) error {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
		if !ok {
			return err
		}
		text := fmt.Sprintf("got %s, want %s", wrong.Value, jsonType(wrong.Type))
		if wrong.Field != "" {
			text = wrong.Field + ": " + text
		}
		return errors.New(text)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more text after the JSON")
	}
	return nil
}

// jsonType names the JSON that a Go type is read from.
func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	default:
		return "an object"
	}
}

// fieldError is a bad value in a field.
func fieldError(field string, value any, want string) error {
	return fmt.Errorf("%s: %#v is not %s", field, value, want)
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
	if err := s.RateLimit.validate(); err != nil {
		return fmt.Errorf("rate_limit.%w", err)
	}
	used := newTaken()
	for n, project := range s.Projects {
		if err := used.add(project); err != nil {
			return fmt.Errorf("projects[%d].%w", n, err)
		}
	}
	if err := validateTokens(s.Tokens, used.ids); err != nil {
		return err
	}
	for n, fault := range s.Faults {
		if err := fault.validate(); err != nil {
			return fmt.Errorf("faults[%d].%w", n, err)
		}
	}
	return nil
}

// taken is what projects have and no further project can have.
type taken struct {
	ids map[int64]bool
	// paths are in lower case.
	paths      map[string]bool
	keyIDs     map[int64]bool
	publicKeys map[string]bool
}

func newTaken() taken {
	return taken{ids: map[int64]bool{}, paths: map[string]bool{}, keyIDs: map[int64]bool{}, publicKeys: map[string]bool{}}
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

// add takes what a project has. It returns an error that begins with the name of the bad field.
func (t taken) add(p Project) error {
	if p.ID <= 0 || t.ids[p.ID] {
		return fieldError("id", p.ID, "a positive number of this project alone")
	}
	t.ids[p.ID] = true
	if err := t.addPath("path", p.Path); err != nil {
		return err
	}
	for n, path := range p.OldPaths {
		if err := t.addPath(fmt.Sprintf("old_paths[%d]", n), path); err != nil {
			return err
		}
	}
	if p.Visibility != "" {
		if err := oneOf("visibility", p.Visibility, visibilities); err != nil {
			return err
		}
	}
	return t.addKeys(p.ClientKeys)
}

// addPath takes a full path.
func (t taken) addPath(field, path string) error {
	if !projectPath.MatchString(path) {
		return fieldError(field, path, "a full path such as group/project")
	}
	folded := strings.ToLower(path)
	if t.paths[folded] {
		return fieldError(field, path, "a path of this project alone")
	}
	t.paths[folded] = true
	return nil
}

// addKeys takes the IDs and public keys of client keys.
func (t taken) addKeys(keys ClientKeys) error {
	for n, key := range keys {
		field := fmt.Sprintf("client_keys[%d].", n)
		if key.ID < 0 || t.keyIDs[key.ID] {
			return fieldError(field+"id", key.ID, "a positive number of this key alone")
		}
		t.keyIDs[key.ID] = key.ID != 0
		if key.PublicKey == "" {
			continue
		}
		if t.publicKeys[key.PublicKey] || !publicKeyFormat.MatchString(key.PublicKey) {
			return fieldError(field+"public_key", key.PublicKey, "letters, digits and underscores of this key alone")
		}
		t.publicKeys[key.PublicKey] = true
	}
	return nil
}

// validateTokens checks the tokens of an instance that has the projects with these IDs.
func validateTokens(tokens []Token, projects map[int64]bool) error {
	texts := map[string]bool{}
	for n, token := range tokens {
		field := fmt.Sprintf("tokens[%d].", n)
		if token.Token == "" || texts[token.Token] {
			return fieldError(field+"token", token.Token, "a text of this token alone")
		}
		texts[token.Token] = true
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
			id, err := strconv.ParseInt(project, 10, 64)
			if project != everyProject && (err != nil || !projects[id] || strconv.FormatInt(id, 10) != project) {
				return fieldError(field+"roles", project, `the ID of a project or "*"`)
			}
			if err := oneOf(field+"roles["+project+"]", token.Roles[project], roleNames()); err != nil {
				return err
			}
		}
	}
	return nil
}
