package errortracking

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Settings are the error tracking settings of a project.
type Settings struct {
	// Active says whether error tracking is on.
	Active bool
	// Integrated says whether GitLab collects the errors itself, rather than showing those of a Sentry. GitLab says false
	// whatever is stored while the feature flag integrated_error_tracking is off.
	Integrated bool
	// ProjectName, SentryExternalURL and APIURL describe the Sentry project behind the settings. Each is nil where GitLab
	// says null, as it does for integrated tracking. They cannot be set through GitLab's REST API.
	ProjectName, SentryExternalURL, APIURL *string
}

// UnmarshalJSON reads GitLab's JSON of settings. It is an error if active or integrated is missing.
func (s *Settings) UnmarshalJSON(data []byte) error {
	var row struct {
		Active            *bool   `json:"active"`
		Integrated        *bool   `json:"integrated"`
		ProjectName       *string `json:"project_name"`
		SentryExternalURL *string `json:"sentry_external_url"`
		APIURL            *string `json:"api_url"`
	}
	if err := json.Unmarshal(data, &row); err != nil {
		return err
	}
	if row.Active == nil || row.Integrated == nil {
		return errors.New("active or integrated is missing")
	}
	*s = Settings{*row.Active, *row.Integrated, row.ProjectName, row.SentryExternalURL, row.APIURL}
	return nil
}

// WantedSettings are the settings that GitLab is asked to store.
type WantedSettings struct {
	Active bool `json:"active"`
	// Integrated is nil to leave the backend as it is.
	Integrated *bool `json:"integrated,omitempty"`
}

// satisfiedBy reports whether settings are as wanted.
func (w WantedSettings) satisfiedBy(s Settings) bool {
	return s.Active == w.Active && (w.Integrated == nil || s.Integrated == *w.Integrated)
}

// String returns the settings as a configuration has them.
func (w WantedSettings) String() string {
	text := fmt.Sprintf("active = %t", w.Active)
	if w.Integrated != nil {
		text += fmt.Sprintf(", integrated = %t", *w.Integrated)
	}
	return text
}

// Settings reads a project's settings. The error is [ErrSettingsNotFound] when the project has none yet.
//
//	GET /projects/:id/error_tracking/settings
func (c *Client) Settings(ctx context.Context, projectID int64) (s Settings, err error) {
	_, err = c.do(ctx, http.MethodGet, errorTrackingPath(projectID, "settings"), nil, &s)
	return s, err
}

// FoundSettings returns a project's settings, nil for none, as this client read them last. It asks GitLab where it has not
// read them yet, or has saved settings since: each reading serves one save. A project that was not found is not asked for
// again.
func (c *Client) FoundSettings(ctx context.Context, projectID int64) (*Settings, error) {
	return c.settings.get(ctx, projectID)
}

func (c *Client) findSettings(ctx context.Context, projectID int64) (*Settings, error) {
	s, err := c.Settings(ctx, projectID)
	if errors.Is(err, ErrSettingsNotFound) {
		return nil, nil
	}
	return &s, err
}

// SavedSettings is what a save found and left. All parts are known as far as an error lets them be.
type SavedSettings struct {
	// Before are the settings that were found; nil when the project had none.
	Before *Settings
	// Settings are those that GitLab has now, or may have when the error leaves that open.
	Settings
	// Untracked is nil unless the save may have left client keys that nobody asked for.
	Untracked *UntrackedKeys
}

// UntrackedKeys are client keys that a save may have left in a project.
type UntrackedKeys struct {
	// Keys are those that the client had not seen before the save, as far as they could be listed. Some may be somebody else's.
	Keys []ClientKey
	// Err is the error of the request that went wrong.
	Err error
}

// SaveSettings gives a project the wanted settings, whether or not it has any. Where the project has none and nothing is
// wanted of the backend, GitLab collects the errors itself. Settings that are as wanted are left alone.
//
// PUT is used where integrated tracking is wanted, since it changes nothing while the feature flag is off, and where
// there are no settings; PATCH otherwise. After an unclear response the settings are read: if they are as wanted, GitLab has
// stored them. The save leaves no client key behind, see [UntrackedKeys] for what can go wrong with that.
//
// The error is [ErrFeatureDisabled] when the feature flag is off, [ErrRejected] when GitLab answered 200 but stored
// nothing, and [ErrNotApplied] when it stored something else.
//
//	PUT, PATCH /projects/:id/error_tracking/settings
func (c *Client) SaveSettings(ctx context.Context, projectID int64, wanted WantedSettings) (saved SavedSettings, err error) {
	p, err := c.lockProject(ctx, projectID)
	if err != nil {
		return saved, err
	}
	defer p.unlock()
	defer c.settings.forget(projectID)
	if saved.Before, err = c.FoundSettings(ctx, projectID); err != nil {
		return SavedSettings{}, err
	}
	if saved.Before == nil {
		wanted.Integrated = cmp.Or(wanted.Integrated, new(true))
	}
	err = p.save(ctx, &saved, wanted)
	p.settingsSaved = p.settingsSaved || err == nil
	return saved, err
}

// ResetSettings changes the settings of a project, if it has any, when they are given up; otherwise it does what
// [Client.SaveSettings] does. A nil value stays as it is in GitLab. The error is [ErrSettingsInUse], and nothing is changed, when this client has saved the
// project's settings: a project has one set of settings, so another object has them now.
//
//	PUT, PATCH /projects/:id/error_tracking/settings
func (c *Client) ResetSettings(ctx context.Context, projectID int64, active, integrated *bool) (saved SavedSettings, err error) {
	p, err := c.lockProject(ctx, projectID)
	if err != nil {
		return saved, err
	}
	defer p.unlock()
	if p.settingsSaved {
		return saved, &Error{Kind: ErrSettingsInUse, Host: c.base.Host}
	}
	defer c.settings.forget(projectID)
	if saved.Before, err = c.FoundSettings(ctx, projectID); err != nil || saved.Before == nil {
		return SavedSettings{}, err
	}
	err = p.save(ctx, &saved, WantedSettings{*cmp.Or(active, &saved.Before.Active), integrated})
	if errors.Is(err, ErrSettingsNotFound) {
		err = nil
	}
	return saved, err
}

// save gives the project the wanted settings, unless those before are as wanted.
//
// GitLab makes a client key by itself when active integrated settings are saved in a project without an active key. It does
// not say so, and nobody can tell that key from another one. So a temporary key exists during such a save and is deleted
// by its ID afterwards: GitLab then makes none. Whether the project has an active key is not asked, because it can be gone
// when the save arrives.
func (p *projectState) save(ctx context.Context, saved *SavedSettings, wanted WantedSettings) error {
	if saved.Before != nil && wanted.satisfiedBy(*saved.Before) {
		saved.Settings = *saved.Before
		return nil
	}
	if !wanted.Active || wanted.Integrated != nil && !*wanted.Integrated {
		return p.store(ctx, saved, wanted)
	}
	temporary, createErr := p.createKey(ctx)
	if createErr != nil && ambiguous(createErr) == nil {
		_, _ = p.newKeys(ctx) // These are older than the save.
	}
	err := p.store(ctx, saved, wanted)
	ctx = context.WithoutCancel(ctx)
	var left []ClientKey
	var deleteErr error
	if createErr == nil {
		if deleteErr = p.deleteKey(ctx, temporary.ID); deleteErr != nil {
			left = []ClientKey{temporary}
		}
	}
	unclear := ambiguous(createErr) != nil || ambiguous(err) != nil
	if unclear || deleteErr != nil || createErr != nil && err == nil {
		added, listErr := p.newKeys(ctx)
		if left = append(left, added...); unclear || listErr != nil || len(left) > 0 {
			saved.Untracked = &UntrackedKeys{left, cmp.Or(createErr, deleteErr, err)}
		}
	}
	return err
}

// store sends a request that stores settings. After an unclear response it reads the settings: they may be as wanted, or as
// they were before, so that nothing was stored.
func (p *projectState) store(ctx context.Context, saved *SavedSettings, wanted WantedSettings) (err error) {
	method := http.MethodPatch
	if saved.Before == nil || wanted.Integrated != nil && *wanted.Integrated {
		method = http.MethodPut
	}
	saved.Settings, err = p.client.sendSettings(ctx, method, p.projectID, wanted)
	failed := ambiguous(err)
	if failed == nil {
		return err
	}
	for range p.client.looks {
		now, readErr := p.client.Settings(context.WithoutCancel(ctx), p.projectID)
		if readErr == nil && wanted.satisfiedBy(now) {
			saved.Settings = now
			return nil
		}
		failed.Sent = saved.Before == nil && !errors.Is(readErr, ErrSettingsNotFound) ||
			saved.Before != nil && (readErr != nil || now.Active != saved.Before.Active || now.Integrated != saved.Before.Integrated)
	}
	saved.Settings = *cmp.Or(saved.Before, &Settings{})
	saved.Active, saved.Integrated = wanted.Active, *cmp.Or(wanted.Integrated, &saved.Integrated)
	return err
}

// sendSettings sends a request that stores settings, and returns those in the answer. The error is [ErrNotApplied] when they
// are not as wanted.
func (c *Client) sendSettings(ctx context.Context, method string, projectID int64, wanted WantedSettings) (Settings, error) {
	var s Settings
	call, err := c.do(ctx, method, errorTrackingPath(projectID, "settings"), wanted, &s)
	if err == nil && !wanted.satisfiedBy(s) {
		cause := fmt.Errorf("asked for %s, GitLab says active = %t, integrated = %t", wanted, s.Active, s.Integrated)
		err = call.failure(ErrNotApplied, cause)
	}
	return s, err
}
