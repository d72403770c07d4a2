package provider

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const (
	describeProject   = "The ID or full path (`acme/web`) of the project."
	describeProjectID = "The numeric ID of the project. It stays the same when the project is renamed or moved."
)

// capitalized makes the first letter of an English text a capital.
func capitalized(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// importedKey is the key of the private state that marks an imported object. An import sees no configuration, so that
// later plans accept what it could not know: how project is written, and the first keepers of a client key.
const importedKey = "imported"

// privateState is what framework requests and responses offer of the private state.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// isImported reports whether a private state bears the mark of an import.
func isImported(ctx context.Context, private privateState) bool {
	mark, _ := private.GetKey(ctx, importedKey)
	return len(mark) > 0
}

// sightings are what a plan has learned of projects since the provider was configured. Terraform configures it anew to
// apply, and applies without a refresh.
type sightings struct {
	visible sync.Map // by project ID: whether the token may see what a refresh has tried to read
	lost    sync.Map // the paths, in lower case, of existing objects that lead nowhere
}

// add notes that a refresh has read an object of a project, or could not see it.
func (s *sightings) add(projectID int64, visible bool) { s.visible.Store(projectID, visible) }

// get reports whether a project was looked at, and whether the token may see it.
func (s *sightings) get(projectID int64) (visible, looked bool) {
	value, looked := s.visible.Load(projectID)
	visible, _ = value.(bool)
	return visible, looked
}

// addLost notes that the path of an existing object leads nowhere.
func (s *sightings) addLost(path string) { s.lost.Store(strings.ToLower(path), true) }

// isLost reports whether addLost has noted a path.
func (s *sightings) isLost(path string) bool {
	_, lost := s.lost.Load(strings.ToLower(path))
	return lost
}

// projectPlan is what a plan does with an object because of its project.
type projectPlan string

const (
	planKeep    projectPlan = "keep"    // the object stays in its project
	planRenamed projectPlan = "renamed" // so it does, and the project has a new path
	planHidden  projectPlan = "hidden"  // so it does, and the path leads nowhere
	planFound   projectPlan = "found"   // the number becomes known
	planAwait   projectPlan = "await"   // the number becomes known when the project exists
	planReplace projectPlan = "replace" // the object goes to another project
	planStop    projectPlan = "stop"    // so it would, but the engine has planned otherwise
	planFail    projectPlan = "fail"    // the project could not be looked up
)

// projectSituation is what a plan knows of an object's project.
type projectSituation struct {
	known     int64                 // the number in the state; 0 for a new object or a state without it
	refreshed bool                  // the object was read before this plan
	respelled bool                  // project is written otherwise than in the state
	path      string                // as written in the configuration; empty for an ID
	found     errortracking.Project // what the path or ID leads to
	err       error                 // why it leads nowhere
}

// plan decides.
func (s projectSituation) plan() projectPlan {
	missing := errors.Is(s.err, errortracking.ErrProjectNotFound)
	switch {
	case missing && s.known == 0:
		return planAwait
	case missing && s.known != 0 && (s.refreshed || !s.respelled):
		return planHidden
	case s.err != nil:
		return planFail
	case s.known == 0:
		return planFound
	case s.found.ID != s.known && s.refreshed:
		return planReplace
	case s.found.ID != s.known:
		return planStop
	case s.renamed():
		return planRenamed
	}
	return planKeep
}

// renamed reports whether the path is an old one.
func (s projectSituation) renamed() bool {
	return s.path != "" && !strings.EqualFold(s.path, s.found.Path)
}

func (s projectSituation) warnIfRenamed(diags *diag.Diagnostics) {
	if s.renamed() {
		diags.AddAttributeWarning(path.Root("project"), projectMoved,
			"Project "+s.path+" has moved to "+s.found.Path+". The old path works until another project takes it.\n\nSet project = \""+s.found.Path+"\".")
	}
}

// planProject plans project_id, and with it whether the object stays in its project. It returns false when the plan has an
// error, or nothing is known of the project yet.
func (b *resourceBase) planProject(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) bool {
	var before, after types.String
	var number types.Int64
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("project"), &before)...)
		resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("project_id"), &number)...)
	}
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("project"), &after)...)
	if resp.Diagnostics.HasError() || after.IsUnknown() || b.client == nil {
		return false
	}
	written := after.ValueString()
	visible, looked := b.sightings.get(number.ValueInt64())
	situation := projectSituation{known: number.ValueInt64(), refreshed: looked, respelled: !after.Equal(before)}
	situation.found, situation.path, situation.err = b.lookUp(ctx, written)
	attribute := path.Root("project")
	plan := situation.plan()
	switch plan {
	case planAwait:
		if b.sightings.isLost(written) {
			hiddenProject(after, &resp.Diagnostics)
			return false
		}
		resp.Diagnostics.AddAttributeWarning(attribute, projectNotFound,
			inProject(after, explain(situation.err))+"\n\nThe plan continues. The project must exist when the plan is applied.")
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("project_id"), types.Int64Unknown())...)
	case planHidden:
		b.sightings.addLost(written)
		if !looked || visible {
			resp.Diagnostics.AddAttributeWarning(attribute, projectNotFound,
				inProject(after, explain(situation.err))+fmt.Sprintf("\n\nThe resource stays in project %d.", situation.known))
		}
	case planFail:
		resp.Diagnostics.AddAttributeError(attribute, unableToFindProject, inProject(after, explain(situation.err)))
		return false
	case planStop:
		resp.Diagnostics.AddAttributeError(attribute, differentProject,
			fmt.Sprintf("Project %s is project %d, but this resource is in project %d. The plan was made without that knowledge. Nothing was changed.\n\nRun the command again, with a refresh, to plan the replacement.", written, situation.found.ID, situation.known))
		return false
	case planReplace:
		resp.Diagnostics.AddAttributeWarning(attribute, differentProject,
			fmt.Sprintf("Project %s is project %d, but this resource is in project %d, so it will be replaced.\n\nTo keep it there, set project = \"%d\".", written, situation.found.ID, situation.known, situation.known))
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("project_id"), situation.found.ID)...)
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("project_id"))
	case planFound:
		situation.warnIfRenamed(&resp.Diagnostics)
		if visible, looked := b.sightings.get(situation.found.ID); looked && !visible {
			hiddenProject(after, &resp.Diagnostics)
			return false
		}
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("project_id"), situation.found.ID)...)
	case planRenamed:
		situation.warnIfRenamed(&resp.Diagnostics)
	case planKeep:
	}
	if (plan == planKeep || plan == planRenamed) && isImported(ctx, req.Private) && alike(before.ValueString(), written) && b.isCurrent(ctx, before.ValueString(), situation.found.ID) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, attribute, before)...)
	}
	return !resp.Diagnostics.HasError()
}

// lookUp returns the project that an ID or path leads to, and the path if it is one. An ID is not looked up.
func (b *resourceBase) lookUp(ctx context.Context, project string) (found errortracking.Project, path string, err error) {
	id, path, err := errortracking.ParseProject(project)
	if err != nil || id != 0 {
		return errortracking.Project{ID: id}, "", err
	}
	found, err = b.client.Project(ctx, project)
	return found, path, err
}

// hiddenProject refuses a replacement in a project that cannot be seen: the deletion would be taken as done, and a key
// would live on that no state knows. The plan of a replacement looks like that of a new object.
func hiddenProject(project types.String, diags *diag.Diagnostics) {
	diags.AddError(unableToReplace, inProject(project, "A warning of this run says why the project cannot be read. Until it can, nothing in it can be deleted or created. Nothing was changed.\n\nRestore the access of the token's user to the project. If the project or its error tracking no longer exists, remove the resources from the state with terraform state rm."))
}

// alike reports whether two spellings of one project differ only in what an import cannot know: one is the ID, or both
// are the same path. A new path after a rename is an update.
func alike(before, after string) bool {
	beforeID, beforePath, _ := errortracking.ParseProject(before)
	afterID, afterPath, _ := errortracking.ParseProject(after)
	return beforeID != 0 || afterID != 0 || strings.EqualFold(beforePath, afterPath)
}

// isCurrent reports whether a spelling in the state is still the project's. Without an answer, it is taken to be.
func (b *resourceBase) isCurrent(ctx context.Context, project string, id int64) bool {
	found, path, err := b.lookUp(ctx, project)
	return err != nil || path == "" || found.ID == id && strings.EqualFold(path, found.Path)
}

// resolve returns the numeric ID of a project, or an error that says what could not be done.
func resolve(ctx context.Context, client *errortracking.Client, project types.String, diags *diag.Diagnostics) (types.Int64, bool) {
	id, err := client.ResolveProject(ctx, project.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("project"), unableToFindProject, inProject(project, explain(err)))
		return types.Int64Null(), false
	}
	return types.Int64Value(id), true
}

// projectNumber returns the numeric ID of the project of a state. A state that was moved from another provider may lack
// it until it is read; then GitLab is asked.
func (b *resourceBase) projectNumber(ctx context.Context, project types.String, known types.Int64, diags *diag.Diagnostics) (types.Int64, bool) {
	if !known.IsNull() && !known.IsUnknown() {
		return known, true
	}
	if !b.configured(diags) {
		return known, false
	}
	return resolve(ctx, b.client, project, diags)
}

// importProject returns the number of the project in an import ID, and how the state names it: by the path that it was
// given as, or by the project's path where an ID was given and the token may read it.
func importProject(ctx context.Context, client *errortracking.Client, project string, diags *diag.Diagnostics) (number types.Int64, name types.String, ok bool) {
	id, _, err := errortracking.ParseProject(project)
	if err != nil {
		diags.AddError(invalidProject, capitalized(sentence(err.Error())))
		return types.Int64Null(), types.StringNull(), false
	}
	if id != 0 {
		if found, err := client.Project(ctx, project); err == nil {
			return types.Int64Value(id), types.StringValue(found.Path), true
		}
		return types.Int64Value(id), types.StringValue(strconv.FormatInt(id, 10)), true
	}
	name = types.StringValue(project)
	number, ok = resolve(ctx, client, name, diags)
	return number, name, ok
}

// importedNumber reads a number of an identity. Terraform lets it be null or a fraction, which the framework's own
// conversion reports as a fault of the provider.
func importedNumber(identity *tfsdk.ResourceIdentity, name string, diags *diag.Diagnostics) (number int64, ok bool) {
	values := map[string]tftypes.Value{}
	var value *big.Float
	if identity.Raw.As(&values) == nil && values[name].As(&value) == nil && value != nil {
		if number, accuracy := value.Int64(); accuracy == big.Exact && number > 0 {
			return number, true
		}
	}
	diags.AddError(invalidImportIdentity, "The identity attribute "+name+" must be a positive whole number.")
	return 0, false
}

// keptInState ends the warning about an object whose project cannot be seen.
const keptInState = "\n\nThe resource stays in the state as it was last read. If the project or its error tracking no longer exists, remove the resource from the configuration."
