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
)

// clientKeyImportID is what a user knows of a client key: its project, and either its ID or the key itself.
type clientKeyImportID struct {
	project   string
	keyID     int64  // 0 when the key itself is known
	publicKey string // empty when the ID is known
}

// errClientKeyImportID does not repeat the text, which may hold a key.
var errClientKeyImportID = errors.New(`an import ID has the form <project>:<key_id>, such as "acme/web:13" or "42:13", or <project>:<public_key>, or it is a whole DSN`)

// publicKeyForm tells a public key from a mistyped number.
var publicKeyForm = regexp.MustCompile(`^glet_[A-Za-z0-9_-]+$`)

// parseClientKeyImportID reads <project>:<key_id>, <project>:<public_key> or a DSN. The last colon splits.
func parseClientKeyImportID(id string) (clientKeyImportID, error) {
	if strings.Contains(id, "://") {
		dsn, err := errortracking.ParseDSN(id)
		return clientKeyImportID{project: strconv.FormatInt(dsn.ProjectID, 10), publicKey: dsn.PublicKey}, err
	}
	at := strings.LastIndex(id, ":")
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

// String returns the import ID in the form with a colon.
func (i clientKeyImportID) String() string {
	if i.publicKey != "" {
		return i.project + ":" + i.publicKey
	}
	return fmt.Sprintf("%s:%d", i.project, i.keyID)
}

// find returns the numbers of the project and the key. An ID of a key is taken as it is; the read that follows each
// import finds out whether there is such a key.
func (i clientKeyImportID) find(ctx context.Context, client *errortracking.Client, diags *diag.Diagnostics) (projectID, keyID int64, ok bool) {
	project, ok := importProject(ctx, client, i.project, diags)
	if !ok || i.publicKey == "" {
		return project.ValueInt64(), i.keyID, ok
	}
	keys, err := client.SharedClientKeys(ctx, project.ValueInt64())
	if err != nil {
		diags.AddError("Cannot import from project "+i.project, capitalized(explain(err)))
		return 0, 0, false
	}
	key, problem := keyToImport(keys, i.publicKey)
	if problem != "" {
		diags.AddError("Cannot import the client key of project "+i.project, problem+"\n\n"+existingKeys(keys))
		return 0, 0, false
	}
	return project.ValueInt64(), key.ID, true
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
