package provider

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// clientKeyImportID is what a user knows of a client key: its project, and its ID, the key itself, or neither where the
// project has only one active key.
type clientKeyImportID struct {
	project   string
	keyID     int64  // 0 when the key itself is given, or nothing
	publicKey string // empty when the ID is given, or nothing
}

// errClientKeyImportID has the forms of an import ID, each on a line that Terraform does not break.
var errClientKeyImportID = errors.New("use one of\n  <project>:<key_id>, such as acme/web:13 or 42:13\n  <project>:<public_key>\n  <project>, if it has one active client key\n  a DSN")

// publicKeyForm distinguishes a public key from a mistyped number.
var publicKeyForm = regexp.MustCompile(`^glet_[A-Za-z0-9_-]+$`)

// dividedImportID matches a project and the ID of a client key, with anything between them.
var dividedImportID = regexp.MustCompile(`^([^,:; ]+)(?:[/,:; ].*)?[/,:; ]([1-9][0-9]*)$`)

// meant says what the right form of an import ID is, if something other than one colon divides it.
func meant(id string) string {
	part := dividedImportID.FindStringSubmatch(id)
	if part == nil || strings.Contains(id, "://") || part[1]+":"+part[2] == id {
		return ""
	}
	return fmt.Sprintf("If %s is the ID of a client key, the import ID is %s:%[1]s.", part[2], part[1])
}

// parseClientKeyImportID reads <project>:<key_id>, <project>:<public_key>, <project> or a DSN. The last colon splits.
func parseClientKeyImportID(id string) (clientKeyImportID, error) {
	if strings.Contains(id, "://") {
		dsn, err := errortracking.ParseDSN(id)
		return clientKeyImportID{project: strconv.FormatInt(dsn.ProjectID, 10), publicKey: dsn.PublicKey}, err
	}
	project, key := id, ""
	if at := strings.LastIndex(id, ":"); at >= 0 {
		project, key = id[:at], id[at+1:]
	}
	keyID, err := strconv.ParseUint(key, 10, 63)
	_, _, projectErr := errortracking.ParseProject(project)
	switch {
	case projectErr != nil && id != "" && project != "":
		return clientKeyImportID{}, projectErr
	case projectErr != nil || publicKeyForm.MatchString(project) || strings.ContainsAny(project, ":,;"):
		return clientKeyImportID{}, errClientKeyImportID
	case publicKeyForm.MatchString(key) || project == id:
		return clientKeyImportID{project: project, publicKey: key}, nil
	case err != nil || keyID == 0:
		return clientKeyImportID{}, errClientKeyImportID
	}
	return clientKeyImportID{project: project, keyID: int64(keyID)}, nil
}

// find returns the number of the key. An ID is taken as it is; the read that follows each import finds out whether there
// is such a key.
func (i clientKeyImportID) find(ctx context.Context, client *errortracking.Client, projectID int64, diags *diag.Diagnostics) (keyID int64, ok bool) {
	if i.keyID != 0 {
		return i.keyID, true
	}
	keys, err := client.ClientKeys(ctx, projectID)
	if err != nil {
		addFailure(diags, unableToReadClientKeys, "Project "+i.project, err)
		return 0, false
	}
	found := matching(keys, func(k errortracking.ClientKey) bool {
		return k.PublicKey == i.publicKey || i.publicKey == "" && k.Active
	})
	problem := ""
	switch {
	case len(found) == 1 && found[0].Active:
		return found[0].ID, true
	case len(found) == 1:
		problem = fmt.Sprintf("The key with this public key, client key %d, is inactive: GitLab rejects events sent with it. To import it anyway, use its ID.", found[0].ID)
	case len(found) > 1:
		problem = fmt.Sprintf("The project has %d active client keys. Choose one and import it as <project>:<key_id>.", len(found))
	case i.publicKey == "":
		problem = "The project has no active client key. " + nothingToImport
	default:
		problem = "None of the project's client keys has this public key. The key may have been deleted, or the DSN may belong to another project or GitLab."
	}
	diags.AddError(unableToImportClientKey, "Project "+i.project+": "+problem+"\n\n"+existingKeys(keys))
	return 0, false
}

// nothingToImport says what to do where there is no object to import.
const nothingToImport = "Remove the import block, and the resource creates it. Or create it in GitLab first."

// importID returns the ID to import. Where there is none, the numbers of the identity make it up.
func importID(ctx context.Context, req resource.ImportStateRequest, diags *diag.Diagnostics, attributes ...string) string {
	if req.ID != "" || req.Identity == nil || req.Identity.Raw.IsNull() {
		return req.ID
	}
	numbers := make([]string, len(attributes))
	for i, name := range attributes {
		var number types.Int64
		// Terraform lets it be null or a fraction, which the framework reports as a fault of the provider.
		_ = req.Identity.GetAttribute(ctx, path.Root(name), &number)
		if number.ValueInt64() <= 0 {
			diags.AddError(invalidImportIdentity, "The identity attribute "+name+" must be a positive whole number.")
		}
		numbers[i] = number.String()
	}
	return strings.Join(numbers, ":")
}

// importProject returns the project in an import ID. The state names it by its path, or by the ID if the token may not read it.
func (b *resourceBase) importProject(ctx context.Context, project string) (errortracking.Project, error) {
	found, err := b.client.Project(ctx, project)
	if id, _, _ := errortracking.ParseProject(project); id != 0 && err != nil {
		found, err = errortracking.Project{ID: id, Path: strconv.FormatInt(id, 10)}, nil
	}
	return found, err
}
