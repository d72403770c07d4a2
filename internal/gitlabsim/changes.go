package gitlabsim

import (
	"bytes"
	"fmt"
)

// projectChange is a change to a project. What it leaves out, or gives as null, stays as it is, except Settings, where null
// removes the row.
type projectChange struct {
	Path                    *string        `json:"path"`
	Archived                *bool          `json:"archived"`
	IntegratedErrorTracking *bool          `json:"integrated_error_tracking"`
	Settings                settingsChange `json:"settings"`
	ClientKeys              *ClientKeys    `json:"client_keys"`
}

// settingsChange is another settings row, nil for none, if it is given.
type settingsChange struct {
	given bool
	row   *Settings
}

// UnmarshalJSON reads a row or null.
func (c *settingsChange) UnmarshalJSON(data []byte) error {
	c.given = true
	if err := decode(bytes.NewReader(data), &c.row); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	return nil
}

// changeProject changes a project, or nothing if a part of the change is wrong.
func (s *Server) changeProject(id int64, change projectChange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.mustProject(id)
	used := s.instance.taken(p)
	if change.Path != nil {
		must(used.addPath("path", *change.Path))
	}
	if change.ClientKeys != nil {
		must(used.addKeys(*change.ClientKeys))
		s.instance.setKeys(p, *change.ClientKeys)
	}
	if change.Path != nil {
		s.instance.moveProject(p, *change.Path)
	}
	p.archived = valueOr(change.Archived, p.archived)
	if change.IntegratedErrorTracking != nil {
		p.flag = change.IntegratedErrorTracking
	}
	if change.Settings.given {
		p.settings = change.Settings.row
	}
}

// instanceChange is a change to the instance. What it leaves out, or gives as null, stays as it is.
type instanceChange struct {
	IntegratedErrorTracking *bool    `json:"integrated_error_tracking"`
	ErrorTracking           *bool    `json:"error_tracking"`
	DSNBaseURL              *string  `json:"dsn_base_url"`
	Tokens                  *[]Token `json:"tokens"`
}

// changeInstance changes the instance, or nothing if a token is wrong.
func (s *Server) changeInstance(change instanceChange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &s.instance
	if change.Tokens != nil {
		must(validateTokens(*change.Tokens, i.taken(nil).ids))
		i.setTokens(*change.Tokens)
	}
	i.flag = valueOr(change.IntegratedErrorTracking, i.flag)
	i.errorTracking = valueOr(change.ErrorTracking, i.errorTracking)
	i.dsnBaseURL = valueOr(change.DSNBaseURL, i.dsnBaseURL)
}
