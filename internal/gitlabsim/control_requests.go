package gitlabsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// controlPrefix stands before the path of every control request. GitLab has pages of its own there.
const controlPrefix = "/-/"

// controlRequest is a request that looks at the state or changes it behind the client's back. It needs no token, meets no
// fault and is not recorded.
type controlRequest struct {
	method string
	// pattern is the path. A part that begins with a colon is variable.
	pattern string
	// handle gets the project of :id, if the pattern has one, and the body. It changes nothing when it returns an error,
	// which names the bad field.
	handle func(s *Server, p *project, body []byte) (answer, error)
}

var controlRequests = []controlRequest{
	{http.MethodPost, "/-/projects", (*Server).controlAddProject},
	{http.MethodGet, "/-/projects/:id", (*Server).controlShowProject},
	{http.MethodPatch, "/-/projects/:id", (*Server).controlChangeProject},
	{http.MethodDelete, "/-/projects/:id", (*Server).controlRemoveProject},
	{http.MethodPatch, "/-/instance", (*Server).controlChangeInstance},
	{http.MethodPost, "/-/faults", (*Server).controlAddFault},
	{http.MethodDelete, "/-/faults", (*Server).controlClearFaults},
	{http.MethodGet, "/-/requests", (*Server).controlShowRequests},
	{http.MethodDelete, "/-/requests", (*Server).controlClearRequests},
	{http.MethodGet, "/-/events", (*Server).controlShowEvents},
}

// control answers a control request: 400 for a bad body, 404 for an unknown project or request. HEAD is answered wherever
// GET is. The caller holds the lock.
func (s *Server) control(method, path string, body []byte) answer {
	asked := method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for _, r := range controlRequests {
		vars, ok := matchPattern(r.pattern, path)
		if !ok || r.method != method {
			continue
		}
		var p *project
		if id, ok := vars["id"]; ok {
			var moved bool
			if p, moved = s.instance.lookUp(id); p == nil || moved {
				return parameterError(http.StatusNotFound, fmt.Sprintf("no project %q", id))
			}
		}
		got, err := r.handle(s, p, body)
		if err != nil {
			return parameterError(http.StatusBadRequest, err.Error())
		}
		return got
	}
	return parameterError(http.StatusNotFound, fmt.Sprintf("%s %s is not a control request", asked, path))
}

// noContent is the answer of a control request that has nothing to show.
func noContent() (answer, error) { return answer{status: http.StatusNoContent}, nil }

// decodeObject reads the JSON object of a body into v.
func decodeObject(body []byte, v any) error {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return fmt.Errorf("body: %q is not a JSON object", body)
	}
	return decode(bytes.NewReader(body), v)
}

// storedProject is what is stored of a project, whatever the feature flag lets GitLab show.
type storedProject struct {
	ID                      int64       `json:"id"`
	Path                    string      `json:"path"`
	Archived                bool        `json:"archived"`
	IntegratedErrorTracking bool        `json:"integrated_error_tracking"`
	Settings                *Settings   `json:"settings"`
	ClientKeys              []storedKey `json:"client_keys"`
}

// storedKey is a client key of a storedProject.
type storedKey struct {
	ID        int64  `json:"id"`
	Active    bool   `json:"active"`
	PublicKey string `json:"public_key"`
}

// storedAnswer answers what is stored of a project.
func (i *instance) storedAnswer(status int, p *project) answer {
	stored := storedProject{
		ID:                      p.id,
		Path:                    p.path,
		Archived:                p.archived,
		IntegratedErrorTracking: i.flagOf(p),
		Settings:                p.settings,
		ClientKeys:              []storedKey{},
	}
	for _, key := range p.keys {
		stored.ClientKeys = append(stored.ClientKeys, storedKey{ID: key.ID, Active: !key.Inactive, PublicKey: key.PublicKey})
	}
	return jsonAnswer(status, stored)
}

func (s *Server) controlShowProject(p *project, _ []byte) (answer, error) {
	return s.instance.storedAnswer(http.StatusOK, p), nil
}

func (s *Server) controlAddProject(_ *project, body []byte) (answer, error) {
	var given Project
	if err := decodeObject(body, &given); err != nil {
		return answer{}, err
	}
	if err := s.instance.taken(nil).add(given); err != nil {
		return answer{}, err
	}
	return s.instance.storedAnswer(http.StatusCreated, s.instance.addProject(given)), nil
}

// projectChange is the body of a change to a project. What it leaves out, or gives as null, stays as it is, except
// Settings, where null removes the row.
type projectChange struct {
	Path                    *string         `json:"path"`
	Archived                *bool           `json:"archived"`
	IntegratedErrorTracking *bool           `json:"integrated_error_tracking"`
	Settings                json.RawMessage `json:"settings"`
	ClientKeys              *ClientKeys     `json:"client_keys"`
}

// validate checks a change to p and returns the settings row in it.
func (c projectChange) validate(i *instance, p *project) (row *Settings, err error) {
	if c.Settings != nil {
		if err := decode(bytes.NewReader(c.Settings), &row); err != nil {
			return nil, fmt.Errorf("settings: %w", err)
		}
	}
	used := i.taken(p)
	if c.Path != nil {
		if err := used.addPath("path", *c.Path); err != nil {
			return nil, err
		}
	}
	if c.ClientKeys != nil {
		return row, used.addKeys(*c.ClientKeys)
	}
	return row, nil
}

func (s *Server) controlChangeProject(p *project, body []byte) (answer, error) {
	var change projectChange
	if err := decodeObject(body, &change); err != nil {
		return answer{}, err
	}
	row, err := change.validate(&s.instance, p)
	if err != nil {
		return answer{}, err
	}
	if change.Path != nil {
		s.instance.moveProject(p, *change.Path)
	}
	p.archived = valueOr(change.Archived, p.archived)
	if change.IntegratedErrorTracking != nil {
		p.flag = change.IntegratedErrorTracking
	}
	if change.Settings != nil {
		p.settings = row
	}
	if change.ClientKeys != nil {
		s.instance.setKeys(p, *change.ClientKeys)
	}
	return s.instance.storedAnswer(http.StatusOK, p), nil
}

func (s *Server) controlRemoveProject(p *project, _ []byte) (answer, error) {
	s.instance.removeProject(p)
	return noContent()
}

func (s *Server) controlChangeInstance(_ *project, body []byte) (answer, error) {
	i := &s.instance
	// What the body leaves out, or gives as null, stays as it is.
	var change struct {
		IntegratedErrorTracking *bool    `json:"integrated_error_tracking"`
		ErrorTracking           *bool    `json:"error_tracking"`
		DSNBaseURL              *string  `json:"dsn_base_url"`
		Tokens                  *[]Token `json:"tokens"`
	}
	if err := decodeObject(body, &change); err != nil {
		return answer{}, err
	}
	if change.Tokens != nil {
		if err := validateTokens(*change.Tokens, i.taken(nil).ids); err != nil {
			return answer{}, err
		}
		i.setTokens(*change.Tokens)
	}
	i.flag = valueOr(change.IntegratedErrorTracking, i.flag)
	i.errorTracking = valueOr(change.ErrorTracking, i.errorTracking)
	i.dsnBaseURL = valueOr(change.DSNBaseURL, i.dsnBaseURL)
	return noContent()
}

func (s *Server) controlAddFault(_ *project, body []byte) (answer, error) {
	var fault Fault
	if err := decodeObject(body, &fault); err != nil {
		return answer{}, err
	}
	if err := fault.validate(); err != nil {
		return answer{}, err
	}
	s.faults = append(s.faults, &fault)
	return noContent()
}

func (s *Server) controlClearFaults(*project, []byte) (answer, error) {
	s.faults = nil
	return noContent()
}

func (s *Server) controlShowRequests(*project, []byte) (answer, error) {
	return jsonAnswer(http.StatusOK, append([]Request{}, s.requests...)), nil
}

func (s *Server) controlClearRequests(*project, []byte) (answer, error) {
	s.requests = nil
	return noContent()
}

func (s *Server) controlShowEvents(*project, []byte) (answer, error) {
	return jsonAnswer(http.StatusOK, append([]Event{}, s.instance.events...)), nil
}
