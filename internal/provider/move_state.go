package provider

import (
	"context"
	"encoding/json"
	"path"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// gitlabhqType is what the error tracking types of gitlabhq/gitlab have before our suffixes.
const gitlabhqType = TypeName + "_project"

// stateMover makes a mover for the states of one type. The source may have any host and namespace, since engines send
// the whole address or only its last part, and mirrors have their own.
func stateMover(typeName string, move func(context.Context, resource.MoveStateRequest, *resource.MoveStateResponse) error) resource.StateMover {
	return resource.StateMover{StateMover: func(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
		if req.SourceTypeName != typeName || path.Base(req.SourceProviderAddress) != TypeName {
			return
		}
		if err := move(ctx, req, resp); err != nil {
			resp.Diagnostics.AddError(unableToMoveState, "The state of "+typeName+" does not have the form that "+req.SourceProviderAddress+" writes: "+sentence(err.Error())+
				"\n\nRemove the moved block and import the object instead.")
		}
	}}
}

// moveOwn takes over a state of the same type as it is.
func moveOwn(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) error {
	state, err := req.SourceRawState.UnmarshalWithOpts(resp.TargetState.Schema.Type().TerraformType(ctx),
		tfprotov6.UnmarshalOpts{ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true}})
	if err != nil {
		return err
	}
	resp.TargetState.Raw = state
	original, diags := req.SourcePrivate.GetKey(ctx, originalKey)
	resp.Diagnostics.Append(diags...)
	if original != nil {
		resp.Diagnostics.Append(resp.TargetPrivate.SetKey(ctx, originalKey, original)...)
	}
	return nil
}

func (r *settingsResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{
		stateMover(TypeName+settingsType, moveOwn),
		stateMover(gitlabhqType+settingsType, moveGitlabhqSettings),
	}
}

// gitlabhqSettings is the state of a gitlab_project_error_tracking_settings of gitlabhq/gitlab.
type gitlabhqSettings struct {
	ID                    string  `json:"id"`
	Project               string  `json:"project"`
	Active                *bool   `json:"active"`
	Integrated            *bool   `json:"integrated"`
	KeepSettingsOnDestroy *bool   `json:"keep_settings_on_destroy"`
	ProjectName           *string `json:"project_name"`
	SentryExternalURL     *string `json:"sentry_external_url"`
	APIURL                *string `json:"api_url"`
}

func moveGitlabhqSettings(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) error {
	var source gitlabhqSettings
	if err := json.Unmarshal(req.SourceRawState.JSON, &source); err != nil {
		return err
	}
	projectID, err := movedProject(source.Project, source.ID)
	if err != nil {
		return err
	}
	model := settingsResourceModel{OnDestroy: types.StringValue(onDestroyKeep)}
	model.Project = types.StringValue(source.Project)
	if projectID != 0 {
		model.setProject(types.Int64Value(projectID))
	}
	model.Active = types.BoolPointerValue(source.Active)
	model.Integrated = types.BoolPointerValue(source.Integrated)
	model.ProjectName = types.StringPointerValue(source.ProjectName)
	model.SentryExternalURL = types.StringPointerValue(source.SentryExternalURL)
	model.APIURL = types.StringPointerValue(source.APIURL)
	// Without a value gitlabhq/gitlab keeps the settings.
	if source.KeepSettingsOnDestroy != nil && !*source.KeepSettingsOnDestroy {
		model.OnDestroy = types.StringValue(onDestroyRestore)
		resp.Diagnostics.AddWarning(originalUnknown, "Project "+source.Project+": The moved resource had keep_settings_on_destroy = false, so gitlabhq/gitlab would have restored the original settings, which only it knows. A destroy of this resource returns to the settings as they are now.\n\n"+
			"Set on_destroy = \""+onDestroyDeactivate+"\" to disable error tracking on destroy instead.")
	}
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, &model)...)
	return nil
}

func (r *clientKeyResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{
		stateMover(TypeName+clientKeyType, moveOwn),
		stateMover(gitlabhqType+clientKeyType, moveGitlabhqClientKey),
	}
}

// gitlabhqClientKey is the state of a gitlab_project_error_tracking_client_key of gitlabhq/gitlab. Its ID is
// <project>:<key_id>.
type gitlabhqClientKey struct {
	ID        string  `json:"id"`
	Project   string  `json:"project"`
	Active    *bool   `json:"active"`
	PublicKey *string `json:"public_key"`
	SentryDSN *string `json:"sentry_dsn"`
}

func moveGitlabhqClientKey(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) error {
	var source gitlabhqClientKey
	if err := json.Unmarshal(req.SourceRawState.JSON, &source); err != nil {
		return err
	}
	id, err := parseClientKeyImportID(source.ID)
	if err == nil && id.keyID == 0 {
		err = errClientKeyImportID
	}
	if err != nil {
		return err
	}
	projectID, err := movedProject(source.Project, id.project)
	if err != nil {
		return err
	}
	model := clientKeyResourceModel{Keepers: types.MapNull(types.StringType)}
	model.Project = types.StringValue(source.Project)
	model.KeyID = types.Int64Value(id.keyID)
	if projectID != 0 {
		model.setIDs(projectID, id.keyID)
	}
	model.Active = types.BoolPointerValue(source.Active)
	model.PublicKey = types.StringPointerValue(source.PublicKey)
	model.SentryDSN = types.StringPointerValue(source.SentryDSN)
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
