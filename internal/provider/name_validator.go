package provider

import (
	"context"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// nameValidator refuses what can never be a project or a group, before anything is asked.
type nameValidator struct {
	object string
	title  string // of the error
	parse  func(name string) error
}

var (
	validProject = nameValidator{"project", invalidProject, func(name string) error {
		_, _, err := errortracking.ParseProject(name)
		return err
	}}
	validGroup = nameValidator{"group", invalidGroup, func(name string) error {
		_, err := errortracking.ParseGroup(name)
		return err
	}}
)

func (v nameValidator) Description(context.Context) string {
	return "must be a " + v.object + "'s numeric ID or full path"
}

func (v nameValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v nameValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := v.parse(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, v.title, capitalized(sentence(err.Error())))
	}
}
