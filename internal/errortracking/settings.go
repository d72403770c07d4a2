package errortracking

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
)

// Settings are the error tracking settings of a project.
type Settings struct {
	// Active says whether error tracking is on.
	Active bool `json:"active"`
	// Integrated says whether GitLab collects the errors itself, rather than showing those of a Sentry. GitLab says false
	// whatever is stored while the feature flag integrated_error_tracking is off.
	Integrated bool `json:"integrated"`
	// ProjectName, SentryExternalURL and APIURL describe the Sentry project behind the settings. Each is nil where GitLab
	// says null, as it does for integrated tracking. They cannot be set through GitLab's REST API.
	ProjectName       *string `json:"project_name"`
	SentryExternalURL *string `json:"sentry_external_url"`
	APIURL            *string `json:"api_url"`
}

// UnmarshalJSON reads GitLab's JSON of settings. It is an error if active or integrated is missing.
func (s *Settings) UnmarshalJSON(data []byte) error {
	type row Settings
	return decodeObject(data, (*row)(s), "active", "integrated")
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
	if w.Integrated == nil {
		return fmt.Sprintf("active = %t", w.Active)
	}
	return fmt.Sprintf("active = %t, integrated = %t", w.Active, *w.Integrated)
}

// Settings reads a project's settings. The error is [ErrSettingsNotFound] when the project has none yet.
//
//	GET /projects/:id/error_tracking/settings
func (c *Client) Settings(ctx context.Context, projectID int64) (s Settings, err error) {
	_, err = c.do(ctx, http.MethodGet, errorTrackingPath(projectID, "settings"), nil, &s)
	return s, err
}

// FindSettings reads a project's settings as [Client.Settings] does, but returns nil and no error when it has none.
func (c *Client) FindSettings(ctx context.Context, projectID int64) (*Settings, error) {
	s, err := c.Settings(ctx, projectID)
	if errors.Is(err, ErrSettingsNotFound) {
		return nil, nil
	}
	return &s, err
}

// SharedSettings returns what [Client.FindSettings] does. A reading, failed or not, is shared by all who ask until a save of this
// client has used it.
func (c *Client) SharedSettings(ctx context.Context, projectID int64) (*Settings, error) {
	return c.settings.get(ctx, projectID, c.FindSettings)
}

// SavedSettings is what a save found and left. All parts are known as far as an error lets them be.
type SavedSettings struct {
	// Before are the settings that were found; nil when the project had none.
	Before *Settings
	// Settings are those that GitLab has now, or may have when the error leaves that open.
	Settings
	// UntrackedErr is nil unless the save may have left client keys that nobody asked for. Otherwise it is what went wrong, and
	// Untracked are the keys that the client had not seen before, as far as they could be listed; some may be somebody else's.
	UntrackedErr error
	Untracked    []ClientKey
}

// SaveSettings gives a project the wanted settings, whether or not it has any. Where the project has none and nothing is
// wanted of the backend, GitLab collects the errors itself. Settings that are as wanted are left alone.
//
// PUT is used where integrated tracking is wanted, since it changes nothing while the feature flag is off, and where there are
// no settings; PATCH otherwise. After an unclear response the settings are read, which may be as wanted. No client key is left.
//
// The error is [ErrFeatureDisabled] when the feature flag is off, [ErrRejected] when GitLab answered 200 but stored
// nothing, and [ErrNotApplied] when it stored something else.
//
//	PUT, PATCH /projects/:id/error_tracking/settings
func (c *Client) SaveSettings(ctx context.Context, projectID int64, wanted WantedSettings) (saved SavedSettings, err error) {
	p, unlock := c.lockProject(projectID)
	defer unlock()
	defer c.settings.forget(projectID)
	if saved.Before, err = c.SharedSettings(ctx, projectID); err != nil {
		return SavedSettings{}, err
	}
	if saved.Before == nil {
		wanted.Integrated = cmp.Or(wanted.Integrated, new(true))
	}
	err = p.saveLocked(ctx, &saved, wanted)
	p.settingsSaved = p.settingsSaved || err == nil
	return saved, err
}

// ResetSettings changes the settings of a project, if it has any, when they are given up. A nil value stays as it is in GitLab.
// The error is [ErrSettingsInUse], and nothing is changed, when this client has saved the project's settings: a project has one
// set of settings, so another object has them now.
//
//	PUT, PATCH /projects/:id/error_tracking/settings
func (c *Client) ResetSettings(ctx context.Context, projectID int64, active, integrated *bool) (saved SavedSettings, err error) {
	p, unlock := c.lockProject(projectID)
	defer unlock()
	defer c.settings.forget(projectID)
	if p.settingsSaved {
		return saved, &Error{Kind: ErrSettingsInUse, Host: c.base.Host}
	}
	if saved.Before, err = c.SharedSettings(ctx, projectID); err != nil || saved.Before == nil {
		return SavedSettings{}, err
	}
	err = p.saveLocked(ctx, &saved, WantedSettings{*cmp.Or(active, &saved.Before.Active), integrated})
	if errors.Is(err, ErrSettingsNotFound) {
		err = nil
	}
	return saved, err
}

// saveLocked gives the project the wanted settings, unless those before are as wanted.
//
// GitLab makes a client key by itself when active integrated settings are saved in a project without an active key, and nobody
// can tell that key from another one. So a temporary key exists during such a save, and is deleted by its ID: GitLab then makes
// none. Whether the project has an active key is not asked, because it can be gone when the save arrives.
func (p *projectState) saveLocked(ctx context.Context, saved *SavedSettings, wanted WantedSettings) error {
	if saved.Before != nil && wanted.satisfiedBy(*saved.Before) {
		saved.Settings = *saved.Before
		return nil
	}
	if !wanted.Active || wanted.Integrated != nil && !*wanted.Integrated {
		return p.putOrPatch(ctx, saved, wanted)
	}
	temporary, createErr := p.createKey(ctx)
	if createErr != nil && ambiguous(createErr) == nil {
		_, _ = p.refreshKeys(ctx) // These are older than the save.
	}
	err := p.putOrPatch(ctx, saved, wanted)
	ctx = context.WithoutCancel(ctx)
	var deleteErr error
	if createErr == nil {
		deleteErr = p.deleteKey(ctx, temporary.ID)
	}
	certain := ambiguous(createErr) == nil && ambiguous(err) == nil && deleteErr == nil
	if certain && (createErr == nil || err != nil) {
		return err // Either there was a temporary key, or nothing was saved.
	}
	added, listErr := p.refreshKeys(ctx)
	if deleteErr != nil {
		added = append([]ClientKey{temporary}, added...)
	}
	if !certain || listErr != nil || len(added) > 0 {
		saved.Untracked, saved.UntrackedErr = added, cmp.Or(createErr, deleteErr, err)
	}
	return err
}

// putOrPatch sends the request that stores settings. After an unclear response it reads the settings: they may be as wanted, or as
// they were before, so that nothing was stored.
func (p *projectState) putOrPatch(ctx context.Context, saved *SavedSettings, wanted WantedSettings) (err error) {
	method := http.MethodPatch
	if saved.Before == nil || wanted.Integrated != nil && *wanted.Integrated {
		method = http.MethodPut
	}
	saved.Settings, err = p.client.sendSettings(ctx, method, p.projectID, wanted)
	if refused, ok := errors.AsType[*Error](err); ok && errors.Is(err, ErrFeatureDisabled) && saved.Before != nil {
		refused.Kind = ErrFlagDisabled
	}
	failed := ambiguous(err)
	if failed == nil {
		return err
	}
	for range p.client.looks {
		now, readErr := p.client.FindSettings(context.WithoutCancel(ctx), p.projectID)
		if readErr == nil && now != nil && wanted.satisfiedBy(*now) {
			saved.Settings = *now
			return nil
		}
		failed.Sent = readErr != nil || !reflect.DeepEqual(now, saved.Before)
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
		err = call.failure(ErrNotApplied, fmt.Errorf("asked for %s, GitLab says active = %t, integrated = %t", wanted, s.Active, s.Integrated))
	}
	return s, err
}
