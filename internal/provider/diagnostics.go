package provider

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// title is the summary of an error or warning. Those below are all there are, since only newTitle makes one.
type title struct{ text string }

// titles holds every title. The troubleshooting guide has a heading for each.
var titles []title

func newTitle(text string) title {
	titles = append(titles, title{text})
	return title{text}
}

var (
	missingToken          = newTitle("Missing GitLab token")
	invalidArgument       = newTitle("Invalid provider argument")
	invalidEnvironment    = newTitle("Invalid environment variable")
	unableToSignIn        = newTitle("Unable to sign in to GitLab")
	providerNotConfigured = newTitle("Provider not configured yet")
	internalError         = newTitle("Internal provider error")

	invalidProject        = newTitle("Invalid project")
	invalidGroup          = newTitle("Invalid group")
	invalidDSN            = newTitle("Invalid DSN")
	invalidImportID       = newTitle("Invalid import ID")
	invalidImportIdentity = newTitle("Invalid import identity")

	unableToFindProject = newTitle("Unable to find project")
	unableToFindGroup   = newTitle("Unable to find group")
	unableToReadProject = newTitle("Unable to read project")
	unableToReplace     = newTitle("Unable to create or replace resource")
	differentProject    = newTitle("Different project")
	projectNotFound     = newTitle("Project not found")
	projectNotVisible   = newTitle("Project no longer visible")
	projectMoved        = newTitle("Project has moved")
	projectsSkipped     = newTitle("Projects skipped")

	unableToReadSettings  = newTitle("Unable to read error tracking settings")
	unableToSaveSettings  = newTitle("Unable to save error tracking settings")
	unableToResetSettings = newTitle("Unable to reset error tracking settings")
	settingsNotReset      = newTitle("Error tracking settings not reset")
	destroyWillDeactivate = newTitle("Destroy will deactivate error tracking")

	unableToReadClientKeys  = newTitle("Unable to read client keys")
	unableToCreateClientKey = newTitle("Unable to create client key")
	unableToDeleteClientKey = newTitle("Unable to delete client key")
	unableToImportClientKey = newTitle("Unable to import client key")
	clientKeyNotFound       = newTitle("Client key not found")
	clientKeyRecovered      = newTitle("Client key recovered")
	clientKeyWillBeReplaced = newTitle("Client key will be replaced")
	clientKeyNotReplaced    = newTitle("Client key not replaced")

	unableToMoveState     = newTitle("Unable to move state")
	unableToSendTestEvent = newTitle("Unable to send test event")
)

func (t title) error(detail string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(t.text, detail)
}

func (t title) errorAt(attribute path.Path, detail string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(attribute, t.text, detail)
}

func (t title) warning(detail string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(t.text, detail)
}

func (t title) warningAt(attribute path.Path, detail string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(attribute, t.text, detail)
}

// inProject begins a detail with the project that it is about.
func inProject(project types.String, detail string) string {
	return "Project " + project.ValueString() + ": " + detail
}

// advice is what the provider says of one kind of error: the likely cause, and what to do.
type advice struct {
	cause string
	cure  string
}

// adviceOn holds the advice on each kind of error. Its words come before what GitLab answered.
var adviceOn = map[error]advice{
	errortracking.ErrUnauthorized: {
		"GitLab does not know the token.",
		"Check that the token (argument token or GITLAB_TOKEN) is whole, and that it belongs to the GitLab of base_url.",
	},
	errortracking.ErrTokenExpired: {
		"The token has expired.",
		"Make a new access token with the scope api and put it into the argument token or GITLAB_TOKEN.",
	},
	errortracking.ErrTokenRevoked: {
		"The token was revoked.",
		"Make a new access token with the scope api and put it into the argument token or GITLAB_TOKEN.",
	},
	errortracking.ErrInsufficientScope: {
		"The token's scope does not allow this. A token with read_api can read but not write.",
		"Use an access token with the scope api.",
	},
	errortracking.ErrForbidden: {
		"The token's user has no sufficient role in the project. GitLab shows and changes error tracking only for Maintainers and Owners; a CI job token is not accepted at all.",
		"Give the user of the token the Maintainer role in the project, or use the token of a user who has it.",
	},
	errortracking.ErrMissingPermission: {
		"The fine-grained access token lacks the permission that GitLab names.",
		"Add that permission to the token, or use a token that has it. The provider needs the project permissions Error Tracking Setting: Read and Update, Error Tracking Client Key: Read, Create and Delete, and Project: Read.",
	},
	errortracking.ErrRefused: {
		"GitLab refused the request for the reason in its answer.",
		"Resolve that first, then run the command again.",
	},
	errortracking.ErrProjectNotFound: {
		"There is no such project, or the token's user is no member of it: GitLab gives the same answer for both.",
		"Check the project's ID or full path (group/project) and that the token's user has the Maintainer role in it.",
	},
	errortracking.ErrGroupNotFound: {
		"There is no such group, or the token's user sees no project of it: GitLab gives the same answer for both.",
		"Check the group's ID or full path (group/subgroup) and that the token's user is a member.",
	},
	errortracking.ErrSettingsNotFound: {
		"The project has no error tracking settings.",
		"Create them with a gitlab_error_tracking_settings resource. If one manages them already, they were removed meanwhile: run the command again.",
	},
	errortracking.ErrFeatureDisabled: {
		"The feature flag integrated_error_tracking is off for the project, as it is by default on self-managed GitLab. While it is off, GitLab does not let settings be created through its API.",
		"Ask an administrator of the GitLab instance to enable the flag: Feature.enable(:integrated_error_tracking) in the Rails console, or POST /api/v4/features/integrated_error_tracking with value=true. To show the errors of a Sentry instead, set it up once in the project under Settings > Monitor > Error Tracking; this resource then takes the settings over.",
	},
	errortracking.ErrClientKeyNotFound: {
		"The project has no such client key.",
		"Check the key's ID.",
	},
	errortracking.ErrNoSuchEndpoint: {
		"This GitLab has no such API endpoint: it is too old (the provider needs GitLab 15.10 or newer), or base_url does not lead to the root of a GitLab.",
		"Check base_url; it is the address that the browser shows on GitLab's start page.",
	},
	errortracking.ErrProjectMoved: {
		"The project was renamed or moved, and GitLab does not accept its old path.",
		"Write the project's new full path, or its ID, which never changes.",
	},
	errortracking.ErrRedirected: {
		"The answer redirects to another address. The provider does not follow it, because the token belongs to base_url's scheme, host and port alone.",
		"Set base_url to the address that GitLab really has, with https:// if it redirects there.",
	},
	errortracking.ErrRejected: {
		"GitLab answered 200 but stored nothing. Where it says that the API URL or the token is required, the settings would be active for a Sentry that is not configured. Where it says that the API URL is blocked, this GitLab does not allow requests to that Sentry.",
		"Set integrated = true to let GitLab collect the errors itself; or set the Sentry up in the project under Settings > Monitor > Error Tracking, which GitLab's REST API cannot do; or have an administrator allow the URL under Admin > Settings > Network > Outbound requests. To give up the resource without a request, set on_destroy = \"keep\" and apply, or use a removed block.",
	},
	errortracking.ErrNotApplied: {
		"GitLab answered with success but stored other settings. The usual cause is the feature flag integrated_error_tracking, which is off by default on self-managed GitLab: GitLab then reports integrated = false whatever is stored.",
		"Ask an administrator of the GitLab instance to enable the flag: Feature.enable(:integrated_error_tracking) in the Rails console, or POST /api/v4/features/integrated_error_tracking with value=true.",
	},
	errortracking.ErrSettingsInUse: {
		"A project has one set of error tracking settings, and this run has created or updated them through another resource.",
		"Nothing needs to be done: the settings stay as that resource has them.",
	},
	errortracking.ErrBadRequest: {
		"GitLab did not accept the request's parameters.",
		"Check that GitLab is of version 15.10 or newer; if it is, please report this to the developers of the provider.",
	},
	errortracking.ErrNotJSON: {
		"Something else than GitLab's API answered: a sign-in page, a proxy before GitLab, or another web server.",
		"Check base_url; if GitLab stands behind a proxy or a single sign-on, its API (/api/v4) must be reachable with an access token.",
	},
	errortracking.ErrMalformed: {
		"The answer is cut off or not what GitLab's API documents, so nothing was taken from it.",
		"Run the command again. If it stays so, check what stands between here and GitLab, and GitLab's own version.",
	},
	errortracking.ErrRateLimited: {
		"GitLab's rate limit is reached, and waiting did not help. It counts the requests of all runs of the token's user.",
		"Run the command again later, with a lower -parallelism, or raise the argument retries.",
	},
	errortracking.ErrServer: {
		"GitLab failed to answer.",
		"Check the status or the logs of GitLab, then run the command again.",
	},
	errortracking.ErrClientKeysFailed: {
		"GitLab failed on client keys. When it does so on every attempt, the instance setting error_tracking_api_url is not a valid URL.",
		"Ask an administrator of the GitLab instance to correct error_tracking_api_url (PUT /api/v4/application/settings), then run the command again.",
	},
	errortracking.ErrInterrupted: {
		"The run was stopped before GitLab answered.",
		"Run the command again when you are ready.",
	},
	errortracking.ErrClientCertificate: {
		"GitLab, or a proxy in front of it, requires a client certificate and did not accept the one it got, if any.",
		"Set client_cert and client_key to the paths of a certificate and its private key that the server accepts.",
	},
	errortracking.ErrConnection: {
		"GitLab could not be reached, or the connection broke.",
		"Check base_url, the network, the proxy settings of the environment (HTTPS_PROXY, NO_PROXY) and, for a private certificate authority, cacert_file. Then run the command again.",
	},
	errortracking.ErrIncompleteList: {
		"GitLab's pages of the list contradict the number of rows it states, so the list was not used.",
		"Run the command again; the list may have changed while it was read.",
	},
	errortracking.ErrLostAnswer: {
		"GitLab can create a client key and still answer with an error. The provider looked at the keys of the project afterwards and could not find exactly one new key, so it took none into the state.",
		"Check the client keys of the project. Import the key that belongs to this resource as <project>:<key_id>, or delete it, then run the command again.",
	},
	errortracking.ErrUnexpected: {
		"The provider does not know this answer.",
		"If the problem persists, report it to the developers of the provider.",
	},
}

// explain tells a failed request to the user: what GitLab answered, the likely cause, what to do.
func explain(err error) string {
	var failed *errortracking.Error
	if !errors.As(err, &failed) {
		return sentence(err.Error())
	}
	known := adviceOn[failed.Kind]
	text := answered(failed) + "\n\n" + known.cause + "\n\n" + known.cure
	if errors.Is(failed.Kind, errortracking.ErrLostAnswer) && errors.Is(err, errortracking.ErrClientKeysFailed) {
		text += "\n\n" + adviceOn[errortracking.ErrClientKeysFailed].cause
	}
	return text
}

// answered tells what came back for a request.
func answered(e *errortracking.Error) string {
	var b strings.Builder
	switch {
	case e.Status == 0 && e.Method == "":
		fmt.Fprintf(&b, "Nothing was sent to GitLab at %s", e.Host)
	case e.Status == 0:
		fmt.Fprintf(&b, "GitLab at %s did not answer %s %s", e.Host, e.Method, e.Path)
	default:
		fmt.Fprintf(&b, "GitLab at %s answered %s to %s %s", e.Host, e.StatusLine(), e.Method, e.Path)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Location != "" {
		b.WriteString(", with a redirect to " + e.Location)
	}
	if cause := e.Cause(); cause != "" {
		b.WriteString(": " + cause)
	}
	if errors.Is(e.Kind, errortracking.ErrLostAnswer) {
		b.WriteString(". New client keys: " + cmp.Or(keyIDs(e.Keys), "none seen"))
	}
	if e.Wait > 0 {
		fmt.Fprintf(&b, ". GitLab asks to wait %s", e.Wait.Round(time.Second))
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (%d attempts in %s)", e.Attempts, e.Elapsed.Round(100*time.Millisecond))
	}
	return sentence(b.String())
}

// sentence ends a text with a full stop.
func sentence(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}
