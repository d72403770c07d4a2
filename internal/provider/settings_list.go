package provider

import (
	"context"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ list.ListResourceWithConfigure        = (*settingsList)(nil)
	_ list.ListResourceWithConfigValidators = (*settingsList)(nil)
)

type settingsList struct {
	settingsResource
}

func newSettingsList() list.ListResource { return &settingsList{} }

func (l *settingsList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = projectListSchema("error tracking settings")
}

func (l *settingsList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	l.listProjects(ctx, req, stream, l.find)
}

// find returns the settings of a project, and nothing where there are none.
func (l *settingsList) find(ctx context.Context, project errortracking.Project) ([]listed, error) {
	settings, err := l.client.FindSettings(ctx, project.ID)
	if err != nil || settings == nil {
		return nil, err
	}
	model := settingsResourceModel{OnDestroy: types.StringValue(onDestroyRestore)}
	model.Project = types.StringValue(project.Path)
	model.setProject(types.Int64Value(project.ID))
	model.setSettings(*settings)
	return []listed{{project.Path, &model}}, nil
}
