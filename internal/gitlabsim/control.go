package gitlabsim

import (
	"fmt"
	"slices"
)

// mistake is what the methods that change the state panic with when a test asks for something impossible. A control request
// answers it with 400. Nothing has changed then.
type mistake struct{ error }

func (m mistake) Error() string { return "gitlabsim: " + m.error.Error() }

// must panics with a mistake.
func must(err error) {
	if err != nil {
		panic(mistake{err})
	}
}

// Requests returns what was asked so far, in order of completion. Control requests are left out.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ClearRequests forgets what was asked so far. The log keeps it.
func (s *Server) ClearRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Settings returns the stored settings row of a project, and false when there is none. It panics when there is no such
// project, as all methods do that take one: that is a mistake in a test.
func (s *Server) Settings(project int64) (Settings, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.mustProject(project).settings.clone()
	if row == nil {
		return Settings{}, false
	}
	return *row, true
}

// SetSettings stores a settings row as it is, without GitLab's validation and without the key GitLab makes by itself. Nil
// removes the row.
func (s *Server) SetSettings(project int64, row *Settings) {
	s.changeProject(project, projectChange{Settings: settingsChange{given: true, row: row.clone()}})
}

// Keys returns the client keys of a project, ascending by ID.
func (s *Server) Keys(project int64) []ClientKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mustProject(project).keys)
}

// AddKey makes an active client key and returns it.
func (s *Server) AddKey(project int64) ClientKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.instance.createKey(s.mustProject(project))
}

// RemoveKey deletes the client key with this ID. It panics when the project has none.
func (s *Server) RemoveKey(project, key int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.mustProject(project)
	n := slices.IndexFunc(p.keys, func(k ClientKey) bool { return k.ID == key })
	if n < 0 {
		must(fmt.Errorf("project %d has no client key %d", project, key))
	}
	p.keys = slices.Delete(p.keys, n, n+1)
}

// DSN returns the DSN that GitLab would answer for a public key of a project now. It is empty while the instance setting
// is broken.
func (s *Server) DSN(project int64, publicKey string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	dsn, _ := s.instance.dsn(s.mustProject(project).id, publicKey)
	return dsn
}

// MoveProject gives a project another full path. From then on the old one answers as that of a moved project, until
// another project takes it. It panics when another project has the path.
func (s *Server) MoveProject(project int64, path string) {
	s.changeProject(project, projectChange{Path: &path})
}

// AddProject adds a project. Redirects from its path end. Client keys without an ID get the next ones of the instance's
// sequence. It panics when the project's fields are wrong or taken.
func (s *Server) AddProject(p Project) {
	s.mu.Lock()
	defer s.mu.Unlock()
	must(s.instance.taken(nil).add(p))
	s.instance.addProject(p)
}

// RemoveProject deletes a project with its settings and keys.
func (s *Server) RemoveProject(project int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instance.removeProject(s.mustProject(project))
}

// SetRole gives the user of a token another role in a project: guest, reporter, developer, maintainer or owner. Empty
// means no longer a member, even where the token has a role in every project. It panics when there is no such token.
func (s *Server) SetRole(token string, project int64, role string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.mustProject(project)
	t := s.instance.tokenByText(token)
	if t == nil {
		must(fmt.Errorf("no token %q", token))
	}
	if role != "" && levelOf(role) == 0 {
		must(fmt.Errorf("no role %q", role))
	}
	t.levels[p.id] = levelOf(role)
}

// SetFlag switches the feature flag integrated_error_tracking for a project.
func (s *Server) SetFlag(project int64, on bool) {
	s.changeProject(project, projectChange{IntegratedErrorTracking: &on})
}

// SetErrorTracking gives GitLab the error tracking API, or takes it away.
func (s *Server) SetErrorTracking(on bool) { s.changeInstance(instanceChange{ErrorTracking: &on}) }

// SetDSNBaseURL changes the instance setting error_tracking_api_url, as Scenario.DSNBaseURL describes it. Empty means
// unset.
func (s *Server) SetDSNBaseURL(url string) { s.changeInstance(instanceChange{DSNBaseURL: &url}) }

// AddFault makes further requests go wrong. Faults that are there already come first. It panics when the fault's fields
// do not go together.
func (s *Server) AddFault(f Fault) {
	must(f.validate())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// ClearFaults lets all further requests go right.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Events returns the envelopes that came in so far, in their order.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.instance.events)
}

// mustProject returns a project and panics when there is none. The caller holds the lock.
func (s *Server) mustProject(id int64) *project {
	p := s.instance.projectByID(id)
	if p == nil {
		must(fmt.Errorf("no project %d", id))
	}
	return p
}
