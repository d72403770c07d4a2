package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"path"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// gitlabhqType is what the error tracking types of gitlabhq/gitlab have before our suffixes.
const gitlabhqType = TypeName + "_project"

// moveFrom makes the mover of the states of one type of gitlabhq/gitlab. The source may have any host and namespace, since
// engines send the whole address or only its last part, and mirrors have their own.
func moveFrom(typeName string, move func(context.Context, resource.MoveStateRequest, *resource.MoveStateResponse) error) []resource.StateMover {
	return []resource.StateMover{{StateMover: func(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
		if req.SourceTypeName != typeName || path.Base(req.SourceProviderAddress) != TypeName {
			return
		}
		if err := move(ctx, req, resp); err != nil {
			resp.Diagnostics.AddError(unableToMoveState, "The state of "+typeName+" does not have the form that "+req.SourceProviderAddress+" writes: "+sentence(err.Error())+
				"\n\nRemove the moved block and import the object instead.")
		}
	}}}
}

// decodeState decodes a state into the type of the target. The attributes that both have keep their values, and others are null.
func decodeState(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) error {
	state, err := req.SourceRawState.UnmarshalWithOpts(resp.TargetState.Schema.Type().TerraformType(ctx),
		tfprotov6.UnmarshalOpts{ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true}})
	resp.TargetState.Raw = state
	return err
}

func (r *settingsResource) MoveState(context.Context) []resource.StateMover {
	return moveFrom(gitlabhqType+settingsType, moveGitlabhqSettings)
}

// moveGitlabhqSettings moves the state of a gitlab_project_error_tracking_settings of gitlabhq/gitlab, where a missing
// keep_settings_on_destroy keeps the settings.
func moveGitlabhqSettings(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) error {
	var source struct {
		KeepOnDestroy *bool `json:"keep_settings_on_destroy"`
	}
	if err := errors.Join(json.Unmarshal(req.SourceRawState.JSON, &source), decodeState(ctx, req, resp)); err != nil {
		return err
	}
	var model settingsResourceModel
	resp.Diagnostics.Append(resp.TargetState.Get(ctx, &model)...)
	projectID, err := movedProject(model.Project.ValueString(), model.ID.ValueString())
	if err != nil {
		return err
	}
	model.ID = types.StringNull()
	if projectID != 0 {
		model.setProject(types.Int64Value(projectID))
	}
	model.OnDestroy = types.StringValue(onDestroyKeep)
	if source.KeepOnDestroy != nil && !*source.KeepOnDestroy {
		model.OnDestroy = types.StringValue(onDestroyRestore)
		resp.Diagnostics.AddWarning(originalUnknown, "Project "+model.Project.ValueString()+": The moved resource had keep_settings_on_destroy = false, so gitlabhq/gitlab would have restored the original settings, which only it knows. A destroy of this resource returns to the settings as they are now.\n\n"+
			"Set on_destroy = \""+onDestroyDeactivate+"\" to disable error tracking on destroy instead.")
	}
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, &model)...)
	return nil
}

func (r *clientKeyResource) MoveState(context.Context) []resource.StateMover {
	return moveFrom(gitlabhqType+clientKeyType, moveGitlabhqClientKey)
}

// moveGitlabhqClientKey moves the state of a gitlab_project_error_tracking_client_key of gitlabhq/gitlab, whose ID is
// <project>:<key_id>.
func moveGitlabhqClientKey(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) error {
	if err := decodeState(ctx, req, resp); err != nil {
		return err
	}
	var model clientKeyResourceModel
	resp.Diagnostics.Append(resp.TargetState.Get(ctx, &model)...)
	id, err := parseClientKeyImportID(model.ID.ValueString())
	if err == nil && id.keyID == 0 {
		err = errClientKeyImportID
	}
	projectID, projectErr := movedProject(model.Project.ValueString(), id.project)
	if err := cmp.Or(err, projectErr); err != nil {
		return err
	}
	model.ID, model.KeyID = types.StringNull(), types.Int64Value(id.keyID)
	if projectID != 0 {
		model.setIDs(projectID, id.keyID)
	}
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, &model)...)
	return nil
}

// movedProject reads a project's number from its spellings in a state. It is 0 when the state has the path alone, which
// only GitLab can tell the number of.
func movedProject(spellings ...string) (id int64, err error) {
	for _, spelling := range spellings {
		if id, _, err = errortracking.ParseProject(spelling); err != nil || id != 0 {
			return id, err
		}
	}
	return 0, nil
}
