package gitlabsim

import (
	"net/http"
	"strings"
)

// The permissions a fine-grained token can have here.
const (
	readSettings   = "read_error_tracking_setting"
	updateSettings = "update_error_tracking_setting"
	readKeys       = "read_error_tracking_client_key"
	createKeys     = "create_error_tracking_client_key"
	deleteKeys     = "delete_error_tracking_client_key"
	readProject    = "read_project"
)

// permissionLabels are the names GitLab's messages give the permissions.
var permissionLabels = map[string]string{
	readSettings:   "Error Tracking Setting: Read",
	updateSettings: "Error Tracking Setting: Update",
	readKeys:       "Error Tracking Client Key: Read",
	createKeys:     "Error Tracking Client Key: Create",
	deleteKeys:     "Error Tracking Client Key: Delete",
	readProject:    "Project: Read",
}

// permissionNames lists the permissions a scenario may name.
var permissionNames = []string{readSettings, updateSettings, readKeys, createKeys, deleteKeys, readProject}

// fineGrained reports whether a token has permissions instead of scopes.
func (t *token) fineGrained() bool { return t.permissions != nil }

// checkGranularity refuses fine-grained tokens at endpoints that do not take them.
func checkGranularity(r route) *answer {
	if r.permission == "" {
		return insufficientGranularScope("This operation doesn't support fine-grained personal access tokens.")
	}
	return nil
}

// checkPermissions refuses a fine-grained token that does not cover the project of a call or lacks a permission. A path
// in place of an ID needs the permission to read the project as well.
func (i *instance) checkPermissions(c *call, r route) *answer {
	id := c.vars["id"]
	p, _ := i.lookUp(id)
	if p == nil || c.token.level(p) == 0 {
		return refuse(message(http.StatusNotFound, "404 Not Found"))
	}
	needed := []string{r.permission}
	if !integerID.MatchString(id) && r.permission != readProject {
		needed = append(needed, readProject)
	}
	var missing []string
	for _, permission := range needed {
		if !c.token.permissions[permission] {
			missing = append(missing, permissionLabels[permission])
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return insufficientGranularScope("This operation requires a fine-grained personal access token with the following project permissions: [" +
		strings.Join(missing, ", ") + "].")
}

// insufficientGranularScope is GitLab's refusal of a fine-grained token.
func insufficientGranularScope(reason string) *answer {
	return refuse(jsonAnswer(http.StatusForbidden, oauthError{
		Error:       "insufficient_granular_scope",
		Description: "Access denied: " + reason,
	}))
}
