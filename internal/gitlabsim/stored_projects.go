package gitlabsim

import (
	"cmp"
	"slices"
	"strings"
)

// project is a project with its rows.
type project struct {
	id         int64
	path       string
	oldPaths   []string
	visibility string
	archived   bool
	// flag is the feature flag integrated_error_tracking for this project. Nil means that of the instance.
	flag     *bool
	settings *Settings
	// keys ascend by ID.
	keys []ClientKey
}

// addProject adds a valid project. Redirects from the paths it takes end.
func (i *instance) addProject(p Project) *project {
	made := &project{
		id:         p.ID,
		path:       p.Path,
		oldPaths:   slices.Clone(p.OldPaths),
		visibility: cmp.Or(p.Visibility, visibilityPrivate),
		archived:   p.Archived,
		flag:       p.IntegratedErrorTracking,
		settings:   p.Settings.clone(),
	}
	i.setKeys(made, p.ClientKeys)
	for _, path := range append([]string{p.Path}, p.OldPaths...) {
		i.endRedirect(path)
	}
	i.projects = append(i.projects, made)
	i.lastProjectID = max(i.lastProjectID, made.id)
	i.addGroups(p.Path)
	return made
}

// moveProject gives a project another path, which is valid. The old one redirects to it until another project takes it.
func (i *instance) moveProject(p *project, path string) {
	i.endRedirect(path)
	if !strings.EqualFold(p.path, path) {
		p.oldPaths = append(p.oldPaths, p.path)
	}
	p.path = path
	i.addGroups(path)
}

// endRedirect makes a path an old one of no project.
func (i *instance) endRedirect(path string) {
	for _, p := range i.projects {
		p.oldPaths = slices.DeleteFunc(p.oldPaths, func(old string) bool { return strings.EqualFold(old, path) })
	}
}

// removeProject deletes a project with everything it has.
func (i *instance) removeProject(p *project) {
	i.projects = slices.DeleteFunc(i.projects, func(other *project) bool { return other == p })
}

// flagOf returns the feature flag integrated_error_tracking as it counts for a project.
func (i *instance) flagOf(p *project) bool { return valueOr(p.flag, i.flag) }
