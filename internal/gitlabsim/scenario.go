package gitlabsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Scenario is what a simulated GitLab holds at the start. Its JSON form is the scenario file. The zero value is a GitLab
// with no projects that knows no token.
type Scenario struct {
	// ExternalURL is the address GitLab believes it has; redirects and paging links use it. A path in it is a relative
	// root, below which alone the API answers. Empty means the address the server listens on.
	ExternalURL string `json:"external_url"`
	// DSNBaseURL is the instance setting error_tracking_api_url. Nil means https://observe.gitlab.com, empty means that
	// the setting is unset, and anything but an http or https URL is a broken setting: making, deleting and listing keys
	// then answers 500, after the work.
	DSNBaseURL *string `json:"dsn_base_url"`
	// IntegratedErrorTracking is the feature flag integrated_error_tracking of the instance. Nil means on.
	IntegratedErrorTracking *bool `json:"integrated_error_tracking"`
	// ErrorTracking reports whether GitLab has the error tracking API at all. Nil means yes.
	ErrorTracking *bool `json:"error_tracking"`
	// Version is what GET /version says, and decides which endpoints exist. Empty means [DefaultVersion].
	Version string `json:"version"`
	// Tokens are the access tokens GitLab knows.
	Tokens []Token `json:"tokens"`
	// Projects are the projects of the instance. Groups follow from their paths.
	Projects []Project `json:"projects"`
	// RateLimit limits the requests to the API. Nil means no limit.
	RateLimit *RateLimit `json:"rate_limit"`
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

// ClientKeys are the client keys of a project. Their JSON form is a list, or a number of active keys to make. A key in
// JSON says "active" or "inactive", and is active when it says neither.
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
	var rows []struct {
		ID        int64  `json:"id"`
		PublicKey string `json:"public_key"`
		Inactive  bool   `json:"inactive"`
		Active    *bool  `json:"active"`
	}
	if err := decode(bytes.NewReader(data), &rows); err != nil {
		return fmt.Errorf("client_keys: %w", err)
	}
	*k = nil
	for n, row := range rows {
		if row.Active != nil {
			if *row.Active && row.Inactive {
				return fmt.Errorf("client_keys: [%d].active: true does not go with inactive", n)
			}
			row.Inactive = !*row.Active
		}
		*k = append(*k, ClientKey{ID: row.ID, PublicKey: row.PublicKey, Inactive: row.Inactive})
	}
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
		return Scenario{}, fmt.Errorf("scenario: %w", err)
	}
	return s, nil
}
