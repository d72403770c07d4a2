package provider

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// clientKeyImportID is what a user knows of a client key: its project, and its ID, the key itself, or neither where the
// project has only one active key.
type clientKeyImportID struct {
	project   string
	keyID     int64  // 0 when the key itself is given, or nothing
	publicKey string // empty when the ID is given, or nothing
}

// errClientKeyImportID does not repeat the text, which may hold a key.
var errClientKeyImportID = errors.New(`an import ID has the form <project>:<key_id>, such as "acme/web:13" or "42:13", <project>:<public_key>, or <project> alone for its only active key, or it is a whole DSN`)

// publicKeyForm distinguishes a public key from a mistyped number.
var publicKeyForm = regexp.MustCompile(`^glet_[A-Za-z0-9_-]+$`)

// parseClientKeyImportID reads <project>:<key_id>, <project>:<public_key>, <project> or a DSN. The last colon splits.
func parseClientKeyImportID(id string) (clientKeyImportID, error) {
	if strings.Contains(id, "://") {
		dsn, err := errortracking.ParseDSN(id)
		return clientKeyImportID{project: strconv.FormatInt(dsn.ProjectID, 10), publicKey: dsn.PublicKey}, err
	}
	at := strings.LastIndex(id, ":")
	if at < 0 && id != "" && !publicKeyForm.MatchString(id) {
		_, _, err := errortracking.ParseProject(id)
		return clientKeyImportID{project: id}, err
	}
	if at <= 0 {
		return clientKeyImportID{}, errClientKeyImportID
	}
	project, key := id[:at], id[at+1:]
	if publicKeyForm.MatchString(project) {
		return clientKeyImportID{}, errClientKeyImportID
	}
	if publicKeyForm.MatchString(key) {
		return clientKeyImportID{project: project, publicKey: key}, nil
	}
	keyID, err := strconv.ParseUint(key, 10, 63)
	if err != nil || keyID == 0 {
		return clientKeyImportID{}, errClientKeyImportID
	}
	return clientKeyImportID{project: project, keyID: int64(keyID)}, nil
}

// find returns the number of the key. An ID is taken as it is; the read that follows each import finds out whether there
// is such a key.
func (i clientKeyImportID) find(ctx context.Context, client *errortracking.Client, projectID int64, diags *diag.Diagnostics) (keyID int64, ok bool) {
	project := types.StringValue(i.project)
	if i.keyID != 0 {
		return i.keyID, true
	}
	keys, err := client.ClientKeys(ctx, projectID)
	if err != nil {
		diags.AddError(unableToReadClientKeys, inProject(project, explain(err)))
		return 0, false
	}
	choose := onlyActiveKey
	if i.publicKey != "" {
		choose = func(keys []errortracking.ClientKey) (errortracking.ClientKey, string) {
			return keyToImport(keys, i.publicKey)
		}
	}
	key, problem := choose(keys)
	if problem != "" {
		diags.AddError(unableToImportClientKey, inProject(project, problem+"\n\n"+existingKeys(keys)))
		return 0, false
	}
	return key.ID, true
}

// onlyActiveKey finds the one active key, or says what is in the way.
func onlyActiveKey(keys []errortracking.ClientKey) (key errortracking.ClientKey, problem string) {
	active := slices.DeleteFunc(slices.Clone(keys), func(k errortracking.ClientKey) bool { return !k.Active })
	switch len(active) {
	case 0:
		return key, "The project has no active client key."
	case 1:
		return active[0], ""
	}
	return key, fmt.Sprintf("The project has %d active client keys. Choose one and import it as <project>:<key_id>.", len(active))
}

// keyToImport finds the one active key with a public key, or says what is in the way.
func keyToImport(keys []errortracking.ClientKey, publicKey string) (key errortracking.ClientKey, problem string) {
	var found []errortracking.ClientKey
	for _, k := range keys {
		if k.PublicKey == publicKey {
			found = append(found, k)
		}
	}
	switch {
	case len(found) == 0:
		return key, "None of the project's client keys has this public key. Is the DSN that of another project or another GitLab, or was the key deleted?"
	case len(found) > 1:
		return key, "More than one of the project's client keys has this public key: " + keyIDs(found) + "."
	case !found[0].Active:
		return key, fmt.Sprintf("The key with this public key, client key %d, is inactive: GitLab refuses what is sent with it. If it is to be imported all the same, name it by its ID.", found[0].ID)
	}
	return found[0], ""
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
