package provider

import (
	"context"
	"fmt"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ list.ListResourceWithConfigure        = (*clientKeyList)(nil)
	_ list.ListResourceWithConfigValidators = (*clientKeyList)(nil)
)

type clientKeyList struct {
	clientKeyResource
}

func newClientKeyList() list.ListResource { return &clientKeyList{} }

func (l *clientKeyList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = projectListSchema("client keys")
}

func (l *clientKeyList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	l.listProjects(ctx, req, stream, l.find)
}

// find returns the client keys of a project.
func (l *clientKeyList) find(ctx context.Context, project errortracking.Project) ([]listed, error) {
	keys, err := l.client.ClientKeys(ctx, project.ID)
	found := make([]listed, len(keys))
	for i, key := range keys {
		model := clientKeyResourceModel{Keepers: types.MapNull(types.StringType)}
		model.Project = types.StringValue(project.Path)
		model.setKey(project.ID, key)
		found[i] = listed{fmt.Sprintf("%s · key %d", project.Path, key.ID), &model}
	}
	return found, err
}
