package gitlabsim

import (
	"bytes"
	"fmt"
	"net/http"
)

// controlPrefix stands before the path of every control request. GitLab has pages of its own there.
const controlPrefix = "/-/"

// controlRequests are the requests that look at the state or change it behind the client's back, as the methods do that
// they call. They need no token, meet no fault and are not recorded.
var controlRequests = []struct {
	method string
	// pattern is the path. A part that begins with a colon is variable.
	pattern string
	// handle gets the ID of the project :id, if the pattern has one, and the body. It panics with a mistake that names the
	// bad field.
	handle func(s *Server, project int64, body []byte) answer
}{
	{http.MethodGet, "/-/projects/:id", func(s *Server, project int64, _ []byte) answer {
		return s.storedAnswer(http.StatusOK, project)
	}},
	{http.MethodPost, "/-/projects", func(s *Server, _ int64, body []byte) answer {
		project := read[Project](body)
		s.AddProject(project)
		return s.storedAnswer(http.StatusCreated, project.ID)
	}},
	{http.MethodPatch, "/-/projects/:id", func(s *Server, project int64, body []byte) answer {
		s.changeProject(project, read[projectChange](body))
		return s.storedAnswer(http.StatusOK, project)
	}},
	{http.MethodDelete, "/-/projects/:id", func(s *Server, project int64, _ []byte) answer {
		s.RemoveProject(project)
		return noContent
	}},
	{http.MethodPatch, "/-/instance", func(s *Server, _ int64, body []byte) answer {
		s.changeInstance(read[instanceChange](body))
		return noContent
	}},
	{http.MethodPost, "/-/faults", func(s *Server, _ int64, body []byte) answer {
		s.AddFault(read[Fault](body))
		return noContent
	}},
	{http.MethodDelete, "/-/faults", func(s *Server, _ int64, _ []byte) answer {
		s.ClearFaults()
		return noContent
	}},
	{http.MethodGet, "/-/requests", func(s *Server, _ int64, _ []byte) answer {
		return jsonAnswer(http.StatusOK, append([]Request{}, s.Requests()...))
	}},
	{http.MethodDelete, "/-/requests", func(s *Server, _ int64, _ []byte) answer {
		s.ClearRequests()
		return noContent
	}},
	{http.MethodGet, "/-/events", func(s *Server, _ int64, _ []byte) answer {
		return jsonAnswer(http.StatusOK, append([]Event{}, s.Events()...))
	}},
}

// noContent is the answer of a control request that has nothing to show.
var noContent = answer{status: http.StatusNoContent}

// control answers a control request: 400 for a bad body, 404 for an unknown project or request. HEAD is answered wherever
// GET is.
func (s *Server) control(method, path string, body []byte) (got answer) {
	asked := method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for _, r := range controlRequests {
		vars, ok := matchPattern(r.pattern, path)
		if !ok || r.method != method {
			continue
		}
		var project int64
		if id, ok := vars["id"]; ok {
			if project, ok = s.projectID(id); !ok {
				return parameterError(http.StatusNotFound, fmt.Sprintf("no project %q", id))
			}
		}
		defer func() {
			switch wrong := recover().(type) {
			case nil:
			case mistake:
				got = parameterError(http.StatusBadRequest, wrong.error.Error())
			default:
				panic(wrong)
			}
		}()
		return r.handle(s, project, body)
	}
	return parameterError(http.StatusNotFound, fmt.Sprintf("%s %s is not a control request", asked, path))
}

// projectID finds a project by ID or path. A path that it had before does not count.
func (s *Server) projectID(id string) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, moved := s.instance.lookUp(id)
	if p == nil || moved {
		return 0, false
	}
	return p.id, true
}

// read reads a body that is a JSON object.
func read[T any](body []byte) (v T) {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		must(fmt.Errorf("body: %q is not a JSON object", body))
	}
	must(decode(bytes.NewReader(body), &v))
	return v
}

// storedAnswer answers what is stored of a project, whatever the feature flag lets GitLab show.
func (s *Server) storedAnswer(status int, project int64) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.mustProject(project)
	type storedKey struct {
		ID        int64  `json:"id"`
		Active    bool   `json:"active"`
		PublicKey string `json:"public_key"`
	}
	keys := []storedKey{}
	for _, key := range p.keys {
		keys = append(keys, storedKey{key.ID, !key.Inactive, key.PublicKey})
	}
	return jsonAnswer(status, struct {
		ID                      int64       `json:"id"`
		Path                    string      `json:"path"`
		Archived                bool        `json:"archived"`
		IntegratedErrorTracking bool        `json:"integrated_error_tracking"`
		Settings                *Settings   `json:"settings"`
		ClientKeys              []storedKey `json:"client_keys"`
	}{p.id, p.path, p.archived, s.instance.flagOf(p), p.settings, keys})
}
