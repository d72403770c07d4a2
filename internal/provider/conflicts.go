package provider

import (
	"fmt"
	"sync"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// conflicts notices resources of one plan that manage the same object. The provider does not learn the addresses of
// resources, so it counts: an existing object is planned once, and a replacement a second time without a state.
type conflicts struct {
	mu       sync.Mutex
	keys     map[int64]int // existing client keys, by ID
	settings map[int64]*settingsInPlan
}

// settingsInPlan is what the resources of one plan do with the settings of one project.
type settingsInPlan struct {
	wanted          []errortracking.WantedSettings
	kept, destroyed bool
	differ, undone  bool // warned
}

// noteKey notes an existing client key, kept or destroyed. It warns once if two resources manage it.
func (c *conflicts) noteKey(key clientKeyModel, diags *diag.Diagnostics) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys[key.KeyID.ValueInt64()]++; c.keys[key.KeyID.ValueInt64()] == 2 {
		diags.AddWarning(clientKeyManagedTwice, "Two resources manage client key "+key.ID.ValueString()+". Destroying or replacing one of them deletes the key of the other.\n\n"+
			"Keep one of them, and remove the other from the state with a removed block that has destroy = false.")
	}
}

// noteSettings notes what a resource wants of a project's settings, nil if it is destroyed and changes them. stays says that
// the resource had them before. It warns once if another resource wants something else, and once if one resource's destruction
// changes what another one keeps.
func (c *conflicts) noteSettings(projectID int64, project types.String, wanted *errortracking.WantedSettings, stays bool, diags *diag.Diagnostics) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.settings[projectID] == nil {
		c.settings[projectID] = &settingsInPlan{}
	}
	s := c.settings[projectID]
	s.kept, s.destroyed = s.kept || stays, s.destroyed || wanted == nil
	for _, other := range s.wanted {
		if wanted != nil && !s.differ && !agree(other, *wanted) {
			s.differ = true
			diags.AddWarning(settingsManagedTwice, inProject(project, fmt.Sprintf("One resource wants %s, another one %s. A project has one set of settings, so each apply undoes the other.\n\n"+
				"Keep one of the resources, and remove the other from the state with a removed block that has destroy = false.", other, wanted)))
		}
	}
	if wanted != nil {
		s.wanted = append(s.wanted, *wanted)
	}
	if s.kept && s.destroyed && !s.undone {
		s.undone = true
		diags.AddWarning(settingsManagedTwice, inProject(project, "This plan destroys a resource that manages the error tracking settings of the project, and keeps another one. The destruction changes the settings, and the next plan changes them back.\n\n"+
			"To leave the settings alone, set on_destroy = \""+onDestroyKeep+"\" on the resource first and apply, or use a removed block that has destroy = false."))
	}
}

// agree reports whether the same settings can satisfy both.
func agree(a, b errortracking.WantedSettings) bool {
	return a.Active == b.Active && (a.Integrated == nil || b.Integrated == nil || *a.Integrated == *b.Integrated)
}
