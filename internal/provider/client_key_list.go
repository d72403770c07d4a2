package provider

import (
	"context"
	"fmt"
	"iter"

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

// ListResourceConfigSchema implements list.ListResource.
func (l *clientKeyList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = projectListSchema("client keys")
}

// List implements list.ListResource.
func (l *clientKeyList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	l.listProjects(ctx, req, stream, l.find)
}

// find yields the client keys of a project as their pages arrive.
func (l *clientKeyList) find(ctx context.Context, project errortracking.Project) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		for key, err := range l.client.ClientKeys(ctx, project.ID) {
			model := clientKeyResourceModel{Keepers: types.MapNull(types.StringType)}
			model.Project = types.StringValue(project.Path)
			model.setIDs(project.ID, key.ID)
			model.setKey(key)
			if !yield(listed{fmt.Sprintf("%s · key %d", project.Path, key.ID), model.identity(), &model}, err) {
				return
			}
		}
	}
}
