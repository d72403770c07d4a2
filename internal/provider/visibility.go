package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// visibility is what the provider has learned since it was configured about which projects the token can see. Terraform
// configures it anew to apply, and applies without a refresh. So a project of which no refresh has told means that this is the
// plan of an apply, or a plan with -refresh=false.
type visibility struct {
	known sync.Map // sight by project ID, and by path in lower case where the token cannot see the project
}

// sight is what is known of a project: why the token cannot see it, nil if it can, and whether a refresh has told.
type sight struct {
	err       error
	refreshed bool
}

// record notes how reading something of a project ended, and returns what is known now.
func (v *visibility) record(projectID int64, project types.String, err error, refreshed bool) sight {
	found := sight{refreshed: refreshed}
	if _, hidden := outOfReach(err); hidden {
		found.err = err
		_, spelled, _ := errortracking.ParseProject(project.ValueString())
		v.known.Store(strings.ToLower(spelled), found)
	}
	v.known.Store(projectID, found)
	return found
}

// of returns what is known of a project, which is given by path where its ID is 0. A path is known only while it is not visible.
func (v *visibility) of(projectID int64, project string) (found sight, known bool) {
	key := any(projectID)
	if projectID == 0 {
		key = strings.ToLower(project)
	}
	value, known := v.known.Load(key)
	found, _ = value.(sight)
	return found, known
}

// look returns why the token cannot see a project. It asks GitLab if nothing is known of the project.
func (d *providerData) look(ctx context.Context, projectID int64, project types.String) error {
	found, known := d.visibility.of(projectID, "")
	if !known {
		_, err := d.client.SharedSettings(ctx, projectID)
		found = d.visibility.record(projectID, project, err, false)
	}
	return found.err
}

// planForgotten warns in the plan of a destroy if the token cannot see the project: the apply then takes the object out of
// the state and deletes nothing, since GitLab's response is that of a project that was deleted.
func (d *providerData) planForgotten(ctx context.Context, projectID types.Int64, project types.String, object string, diags *diag.Diagnostics) {
	if d.client == nil {
		return
	}
	var err error
	if projectID.IsNull() {
		_, err = d.client.Project(ctx, project.ValueString())
	} else {
		err = d.look(ctx, projectID.ValueInt64(), project)
	}
	if _, hidden := outOfReach(err); hidden {
		diags.AddWarning(willBeForgotten, inProject(project, cause(err))+
			fmt.Sprintf("\n\nThe apply will remove %s from the state and delete nothing in GitLab. To delete it, restore the access of the token's user and plan again.", object))
	}
}

// outOfReach returns the title of a warning for an object that cannot be reached, but may still exist. It stays in the
// state when it is read, and leaves it when it is destroyed.
func outOfReach(err error) (title string, ok bool) {
	switch {
	case errors.Is(err, errortracking.ErrProjectNotFound):
		return projectNotVisible, true
	case errors.Is(err, errortracking.ErrFeatureRemoved):
		return featureRemoved, true
	}
	return "", false
}

// keptInState ends the warning about an object whose project cannot be seen.
const keptInState = "\n\nThe resource stays in the state as it was last read. Restore the access of the token's user. If the project or its error tracking no longer exists, remove the resource from the configuration."

// refuseHidden rejects the creation or replacement of an object in a project that the token cannot see. Deleting there
// returns 404, which counts as success, and would leave a key that no state knows.
func refuseHidden(project types.String, diags *diag.Diagnostics) {
	diags.AddError(unableToReplace, inProject(project, "The token cannot see the project, so nothing in it can be created or deleted. Nothing was changed.\n\nRestore the access of the token's user to the project. If the project or its error tracking no longer exists, remove the resource from the configuration, or from the state with terraform state rm."))
}
