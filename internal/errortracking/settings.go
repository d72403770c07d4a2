package errortracking

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
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

// met reports whether settings are as wanted.
func (w WantedSettings) met(s Settings) bool {
	return s.Active == w.Active && (w.Integrated == nil || s.Integrated == *w.Integrated)
}

// Settings reads a project's settings. The error is [ErrSettingsNotFound] when the project has none yet.
//
//	GET /projects/:id/error_tracking/settings
func (c *Client) Settings(ctx context.Context, projectID int64) (s Settings, err error) {
	_, err = c.do(ctx, http.MethodGet, endpoint(projectID, "settings"), nil, &s)
	return s, err
}

// SavedSettings is what [Client.SaveSettings] found and left. Both parts are known as far as an error lets them be.
type SavedSettings struct {
	// Before are the settings that were found; nil when the project had none.
	Before *Settings
	// Settings are those that GitLab has now.
	Settings
}

// SaveSettings gives a project the wanted settings, whether or not it has any. Where the project has none and nothing is
// wanted of the backend, GitLab collects the errors itself. Settings that are as wanted are left alone.
//
// PUT is used where integrated tracking is wanted, since it changes nothing while the feature flag is off, and where
// there are no settings; PATCH otherwise. After an unclear answer the settings are read: if they are as wanted, GitLab has
// stored them. A key that GitLab makes by itself is kept for the next [Client.AddClientKey].
//
// The error is [ErrFeatureDisabled] when the feature flag is off, [ErrRejected] when GitLab answered 200 but stored
// nothing, and [ErrNotApplied] when it stored something else.
//
//	PUT, PATCH /projects/:id/error_tracking/settings
func (c *Client) SaveSettings(ctx context.Context, projectID int64, wanted WantedSettings) (saved SavedSettings, err error) {
	l, err := c.hold(ctx, projectID)
	if err != nil {
		return saved, err
	}
	defer l.release()
	switch saved.Settings, err = c.Settings(ctx, projectID); {
	case errors.Is(err, ErrSettingsNotFound):
		wanted.Integrated = cmp.Or(wanted.Integrated, new(true))
	case err != nil:
		return saved, err
	default:
		saved.Before = new(saved.Settings)
	}
	stored, err := l.store(ctx, saved.Before, wanted)
	if err == nil {
		saved.Settings, l.settingsSaved = stored, true
	}
	return saved, err
}

// ResetSettings changes the settings of a project that are given up, as [Client.SaveSettings] does, if it has any. A nil
// value stays as it is in GitLab. The error is [ErrSettingsInUse], and nothing is changed, when this client has saved the
// project's settings: a project has one set of settings, so another object has them now.
//
//	PUT, PATCH /projects/:id/error_tracking/settings
func (c *Client) ResetSettings(ctx context.Context, projectID int64, active, integrated *bool) error {
	l, err := c.hold(ctx, projectID)
	if err != nil {
		return err
	}
	defer l.release()
	if l.settingsSaved {
		return &Error{Kind: ErrSettingsInUse, Host: c.base.Host}
	}
	before, err := c.Settings(ctx, projectID)
	if err == nil {
		_, err = l.store(ctx, &before, WantedSettings{*cmp.Or(active, &before.Active), integrated})
	}
	if errors.Is(err, ErrSettingsNotFound) {
		return nil
	}
	return err
}

// store gives the project the wanted settings, unless those before, nil for none, are as wanted. It returns what GitLab has
// then, and keeps the key that GitLab makes by itself for the next one who wants a key.
func (l *ledger) store(ctx context.Context, before *Settings, wanted WantedSettings) (Settings, error) {
	if before != nil && wanted.met(*before) {
		return *before, nil
	}
	makesKey := l.makesKey(ctx, wanted)
	stored, err := l.write(ctx, before, wanted)
	if lost := unclear(err); makesKey && (err == nil || lost != nil) {
		l.forgetShared()
		l.made = &AddedClientKey{Unclear: lost, Since: l.readAt}
		_, _ = l.newKeys(ctx) // Where this fails, the next reading finds the key.
	}
	return stored, err
}

// makesKey reports whether GitLab makes a client key by itself when it stores the wanted settings: it does so for active
// integrated tracking in a project without an active key. The keys are read anew, because one that somebody made since the
// last reading is not GitLab's. Where they cannot be read the answer is no.
func (l *ledger) makesKey(ctx context.Context, wanted WantedSettings) bool {
	if !wanted.Active || wanted.Integrated != nil && !*wanted.Integrated {
		return false
	}
	_, err := l.newKeys(ctx)
	return err == nil && !slices.ContainsFunc(l.keys, func(k ClientKey) bool { return k.Active })
}

// write sends a request that stores settings, and returns what GitLab has then. After an unclear answer it reads the
// settings: they may be as wanted, or as they were before, nil for none, so that nothing was stored.
func (l *ledger) write(ctx context.Context, before *Settings, wanted WantedSettings) (Settings, error) {
	method := http.MethodPatch
	if before == nil || wanted.Integrated != nil && *wanted.Integrated {
		method = http.MethodPut
	}
	stored, err := l.client.sendSettings(ctx, method, l.projectID, wanted)
	lost := unclear(err)
	if lost == nil {
		return stored, err
	}
	ctx, cancel := toTheEnd(ctx)
	defer cancel()
	now, readErr := l.client.Settings(ctx, l.projectID)
	if readErr == nil && wanted.met(now) {
		return now, nil
	}
	unchanged := before == nil && errors.Is(readErr, ErrSettingsNotFound) ||
		before != nil && readErr == nil && now.Active == before.Active && now.Integrated == before.Integrated
	lost.Sent = !unchanged
	return stored, err
}

// sendSettings sends a request that stores settings, and returns those in the answer. The error is [ErrNotApplied] when they
// are not as wanted.
func (c *Client) sendSettings(ctx context.Context, method string, projectID int64, wanted WantedSettings) (Settings, error) {
	var s Settings
	call, err := c.do(ctx, method, endpoint(projectID, "settings"), wanted, &s)
	if err == nil && !wanted.met(s) {
		asked := fmt.Sprintf("active = %t", wanted.Active)
		if wanted.Integrated != nil {
			asked += fmt.Sprintf(", integrated = %t", *wanted.Integrated)
		}
		cause := fmt.Errorf("asked for %s, GitLab says active = %t, integrated = %t", asked, s.Active, s.Integrated)
		err = call.failure(ErrNotApplied, cause)
	}
	return s, err
}
