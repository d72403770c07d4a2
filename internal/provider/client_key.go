package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// clientKeyType is the suffix of the client key objects' type name.
const clientKeyType = "_error_tracking_client_key"

const (
	describeKeyID       = "The numeric ID of the key. The GitLab UI does not show it."
	describeKeyActive   = "Whether GitLab accepts events sent with the key."
	describePublicKey   = "The public key (`glet_…`), which is part of the DSN."
	describeSentryDSN   = "The DSN for a Sentry SDK. GitLab builds it from an instance setting, so it can change while the key stays the same."
	describeClientKeyID = "The ID in the form `<project_id>:<key_id>`, which is also an import ID."
	describeChosenKey   = "`key_id` or `public_key` selects the key. Without them, the oldest active key is read: the one whose DSN the GitLab UI shows."
)

// clientKeyModel is what the objects of a client key have in common.
type clientKeyModel struct {
	ID        types.String `tfsdk:"id"`
	Project   types.String `tfsdk:"project"`
	ProjectID types.Int64  `tfsdk:"project_id"`
	KeyID     types.Int64  `tfsdk:"key_id"`
	Active    types.Bool   `tfsdk:"active"`
	PublicKey types.String `tfsdk:"public_key"`
	SentryDSN types.String `tfsdk:"sentry_dsn"`
}

// setIDs fills in what identifies the key.
func (m *clientKeyModel) setIDs(projectID, keyID int64) {
	m.ProjectID = types.Int64Value(projectID)
	m.KeyID = types.Int64Value(keyID)
	m.ID = m.idIn(m.ProjectID)
}

// idIn returns the ID of the key, which is unknown before there is one.
func (m *clientKeyModel) idIn(projectID types.Int64) types.String {
	if m.KeyID.IsNull() {
		return types.StringUnknown()
	}
	return types.StringValue(projectID.String() + ":" + m.KeyID.String())
}

// numbersFromID fills in the numbers where a state has them in the ID alone. It reports whether the key's number is known.
func (m *clientKeyModel) numbersFromID(diags *diag.Diagnostics) bool {
	id, err := parseClientKeyImportID(m.ID.ValueString())
	if project, _, _ := errortracking.ParseProject(id.project); err == nil && project != 0 && m.ProjectID.IsNull() {
		m.ProjectID = types.Int64Value(project)
	}
	if id.keyID != 0 && m.KeyID.IsNull() {
		m.KeyID = types.Int64Value(id.keyID)
	}
	if m.KeyID.IsNull() {
		diags.AddError(unableToReadClientKeys, inProject(m.Project, "The state has no key_id.\n\nRemove the resource from the state with terraform state rm, and import the client key."))
	}
	return !m.KeyID.IsNull()
}

// setKey fills in a key of a project.
func (m *clientKeyModel) setKey(projectID int64, k errortracking.ClientKey) {
	m.setIDs(projectID, k.ID)
	m.Active = types.BoolValue(k.Active)
	m.PublicKey = types.StringValue(k.PublicKey)
	m.SentryDSN = types.StringValue(k.DSN)
}

// findClientKey fills in the client key of the project that has the model's key ID or public key, or else the oldest active one.
func (d *providerData) findClientKey(ctx context.Context, m *clientKeyModel, diags *diag.Diagnostics) {
	projectID, ok := resolve(ctx, d.client, m.Project, diags)
	if !ok {
		return
	}
	keys, err := d.client.ClientKeys(ctx, projectID.ValueInt64())
	if err != nil {
		addFailure(diags, unableToReadClientKeys, named(m.Project), err)
		return
	}
	chosen, wanted := func(k errortracking.ClientKey) bool { return k.Active }, "active client key"
	switch {
	case !m.KeyID.IsNull():
		chosen = func(k errortracking.ClientKey) bool { return k.ID == m.KeyID.ValueInt64() }
		wanted = fmt.Sprintf("client key %d", m.KeyID.ValueInt64())
	case !m.PublicKey.IsNull():
		chosen = func(k errortracking.ClientKey) bool { return k.PublicKey == m.PublicKey.ValueString() }
		wanted = "client key with the given public key"
	}
	found := matching(keys, chosen)
	if len(found) == 0 {
		diags.AddError(clientKeyNotFound, noKey(wanted, m.Project, keys)+" Create a key with a gitlab_error_tracking_client_key resource.")
		return
	}
	m.setKey(projectID.ValueInt64(), found[0])
}

// matching returns the client keys that match, in their order.
func matching(keys []errortracking.ClientKey, match func(errortracking.ClientKey) bool) []errortracking.ClientKey {
	return slices.DeleteFunc(slices.Clone(keys), func(k errortracking.ClientKey) bool { return !match(k) })
}

// identify writes what identifies the key among all of a GitLab, for the engines that know identities.
func (m *clientKeyModel) identify(ctx context.Context, identity *tfsdk.ResourceIdentity) diag.Diagnostics {
	if identity == nil {
		return nil
	}
	diags := identity.SetAttribute(ctx, path.Root("project_id"), m.ProjectID)
	return append(diags, identity.SetAttribute(ctx, path.Root("key_id"), m.KeyID)...)
}

// noKey says that a project lacks the wanted client key.
func noKey(wanted string, project types.String, keys []errortracking.ClientKey) string {
	return "Project " + project.ValueString() + " has no " + wanted + ".\n\n" + existingKeys(keys)
}

// existingKeys says which client keys a project has.
func existingKeys(keys []errortracking.ClientKey) string {
	if len(keys) == 0 {
		return "The project has no client keys."
	}
	return "Existing client keys: " + keyIDs(keys) + "."
}
