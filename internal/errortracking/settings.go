package errortracking

import (
	"context"
	"errors"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

// Settings are the error tracking settings of a project.
type Settings struct {
	// Active tells whether error tracking is on.
	Active bool
	// Integrated tells whether GitLab collects the errors itself, rather than showing those of a Sentry.
	Integrated bool
	// ProjectName, SentryExternalURL and APIURL describe the Sentry project behind the settings. Each is nil where GitLab
	// says null, as it does for integrated tracking. They cannot be set through GitLab's REST API.
	ProjectName, SentryExternalURL, APIURL *string
}

// Settings reads a project's settings. The error is [ErrSettingsNotFound] when the project has none yet.
//
//	GET /projects/:id/error_tracking/settings
func (c *Client) Settings(ctx context.Context, projectID int64) (Settings, error) {
	return c.settings(ctx, func(o gitlab.RequestOptionFunc) error {
		_, _, err := c.api.ErrorTracking.GetErrorTrackingSettings(projectID, o)
		return err
	})
}

// CreateSettings makes a project's settings, or replaces them, and returns what GitLab stored. The error is
// [ErrFeatureDisabled] when the feature flag integrated_error_tracking is off for the project, and [ErrRejected] when
// GitLab answered 200 but stored nothing. With active and integrated, GitLab makes a client key by itself where the
// project has no active one.
//
//	PUT /projects/:id/error_tracking/settings, since GitLab 15.10
func (c *Client) CreateSettings(ctx context.Context, projectID int64, active, integrated bool) (Settings, error) {
	return c.saveSettings(ctx, projectID, active, &integrated, func(o gitlab.RequestOptionFunc) error {
		_, _, err := c.api.ErrorTracking.CreateErrorTrackingSettings(projectID, &gitlab.CreateErrorTrackingSettingsOptions{
			Active: &active, Integrated: &integrated,
		}, o)
		return err
	})
}

// UpdateSettings changes the settings that a project has and returns what GitLab stored, which may differ from what was
// asked: with the feature flag off, GitLab answers integrated as false whatever it was given. A nil integrated leaves
// the backend as it is. The error is [ErrSettingsNotFound] when the project has no settings, and [ErrRejected] when
// GitLab answered 200 but stored nothing.
//
//	PATCH /projects/:id/error_tracking/settings
func (c *Client) UpdateSettings(ctx context.Context, projectID int64, active bool, integrated *bool) (Settings, error) {
	return c.saveSettings(ctx, projectID, active, integrated, func(o gitlab.RequestOptionFunc) error {
		_, _, err := c.api.ErrorTracking.UpdateErrorTrackingSettings(projectID, &gitlab.UpdateErrorTrackingSettingsOptions{
			Active: &active, Integrated: integrated,
		}, o)
		return err
	})
}

// saveSettings sends a request that stores settings. When its answer is lost, the settings are read: if they are what was
// asked for, GitLab has stored them.
func (c *Client) saveSettings(ctx context.Context, projectID int64, active bool, integrated *bool, send func(gitlab.RequestOptionFunc) error) (Settings, error) {
	defer c.forgetKeys(projectID)
	saved, err := c.settings(ctx, send)
	if !answerLost(err) || errors.Is(err, ErrRejected) {
		return saved, err
	}
	ctx, cancel := afterLostAnswer(ctx)
	defer cancel()
	stored, readErr := c.Settings(ctx, projectID)
	if readErr != nil || stored.Active != active || integrated != nil && stored.Integrated != *integrated {
		return Settings{}, err
	}
	return stored, nil
}

// settings sends a request whose answer is a project's settings.
func (c *Client) settings(ctx context.Context, send func(gitlab.RequestOptionFunc) error) (Settings, error) {
	var reply settingsReply
	if _, err := c.do(ctx, &reply, send); err != nil {
		return Settings{}, err
	}
	return Settings{
		Active:            *reply.Active,
		Integrated:        *reply.Integrated,
		ProjectName:       reply.ProjectName,
		SentryExternalURL: reply.SentryExternalURL,
		APIURL:            reply.APIURL,
	}, nil
}

// settingsReply is the JSON of settings. client-go's own type turns null into an empty text.
type settingsReply struct {
	Active            *bool   `json:"active"`
	Integrated        *bool   `json:"integrated"`
	ProjectName       *string `json:"project_name"`
	SentryExternalURL *string `json:"sentry_external_url"`
	APIURL            *string `json:"api_url"`
}

func (r *settingsReply) check() error {
	if r.Active == nil || r.Integrated == nil {
		return errors.New("active or integrated is missing")
	}
	return nil
}
