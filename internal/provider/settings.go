package provider

import (
	"context"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// settingsType is the suffix of the settings objects' type name.
const settingsType = "_error_tracking_settings"

const (
	describeActive            = "Whether error tracking is enabled."
	describeIntegrated        = "Whether GitLab collects the errors itself. If `false`, GitLab shows the errors of the connected Sentry project. Integrated error tracking is a service of GitLab.com."
	describeProjectName       = "The name of the Sentry project, or null."
	describeSentryExternalURL = "The URL of the Sentry project, or null."
	describeAPIURL            = "The URL of the Sentry project's API, or null."
	describeSettingsID        = "The ID of the project, as a string."
)

// settingsModel is what the resource and the data source of settings have in common.
type settingsModel struct {
	ID        types.String `tfsdk:"id"`
	Project   types.String `tfsdk:"project"`
	ProjectID types.Int64  `tfsdk:"project_id"`
	settingsValues
}

// settingsValues are the settings themselves.
type settingsValues struct {
	Active            types.Bool   `tfsdk:"active"`
	Integrated        types.Bool   `tfsdk:"integrated"`
	ProjectName       types.String `tfsdk:"project_name"`
	SentryExternalURL types.String `tfsdk:"sentry_external_url"`
	APIURL            types.String `tfsdk:"api_url"`
}

// setProject fills in what follows from the project's number.
func (m *settingsModel) setProject(id types.Int64) {
	m.ProjectID = id
	m.ID = settingsID(id)
}

func settingsID(projectID types.Int64) types.String { return types.StringValue(projectID.String()) }

// setSettings fills in what GitLab says.
func (m *settingsValues) setSettings(s errortracking.Settings) {
	m.Active = types.BoolValue(s.Active)
	m.Integrated = types.BoolValue(s.Integrated)
	m.ProjectName = types.StringPointerValue(s.ProjectName)
	m.SentryExternalURL = types.StringPointerValue(s.SentryExternalURL)
	m.APIURL = types.StringPointerValue(s.APIURL)
}

// identify writes what identifies the settings among all of a GitLab, for the engines that know identities.
func (m *settingsModel) identify(ctx context.Context, identity *tfsdk.ResourceIdentity) diag.Diagnostics {
	if identity == nil {
		return nil
	}
	return identity.SetAttribute(ctx, path.Root("project_id"), m.ProjectID)
}
