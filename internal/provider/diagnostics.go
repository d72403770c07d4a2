package provider

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The titles of all errors and warnings. The troubleshooting guide has a heading for each.
const (
	missingToken          = "Missing GitLab token"
	invalidArgument       = "Invalid provider argument"
	invalidEnvironment    = "Invalid environment variable"
	unableToSignIn        = "Unable to sign in to GitLab"
	providerNotConfigured = "Provider not configured yet"
	internalError         = "Internal provider error"

	invalidProject        = "Invalid project"
	invalidGroup          = "Invalid group"
	invalidDSN            = "Invalid DSN"
	invalidImportID       = "Invalid import ID"
	invalidImportIdentity = "Invalid import identity"

	unableToFindProject = "Unable to find project"
	unableToFindGroup   = "Unable to find group"
	unableToReadProject = "Unable to read project"
	unableToReplace     = "Unable to create or replace resource"
	differentProject    = "Different project"
	projectNotFound     = "Project not found"
	projectNotVisible   = "Project no longer visible"
	projectMoved        = "Project has moved"
	willBeForgotten     = "Resource will be forgotten"
	projectsSkipped     = "Projects skipped"
	featureRemoved      = "GitLab no longer has error tracking"
	waitedForRateLimit  = "Waited for GitLab's rate limit"

	unableToReadSettings  = "Unable to read error tracking settings"
	unableToSaveSettings  = "Unable to save error tracking settings"
	unableToResetSettings = "Unable to reset error tracking settings"
	settingsNotReset      = "Error tracking settings not reset"
	settingsWillChange    = "Existing settings will change"
	settingsManagedTwice  = "Error tracking settings managed twice"
	originalUnknown       = "Original settings unknown"

	unableToReadClientKeys  = "Unable to read client keys"
	unableToCreateClientKey = "Unable to create client key"
	unableToDeleteClientKey = "Unable to delete client key"
	unableToImportClientKey = "Unable to import client key"
	clientKeyNotFound       = "Client key not found"
	clientKeyRecovered      = "Client key recovered"
	clientKeyWillBeReplaced = "Client key will be replaced"
	clientKeysUntracked     = "Untracked client keys"
	clientKeyManagedTwice   = "Client key managed twice"
	clientKeyInactive       = "Client key inactive"
	dsnOfLocalhost          = "DSN leads to localhost"
	clientKeyNotReplaced    = "Client key not replaced"

	unableToMoveState     = "Unable to move state"
	unableToSendTestEvent = "Unable to send test event"
)

// inProject begins a detail with the project that it is about.
func inProject(project types.String, detail string) string {
	return "Project " + project.ValueString() + ": " + detail
}

// advice is what the provider says of one kind of error: the likely cause, and what to do.
type advice struct {
	cause string
	cure  string
}

// enableFlag says how to get integrated error tracking on a self-managed GitLab.
const enableFlag = "Ask a GitLab administrator to enable the flag: Feature.enable(:integrated_error_tracking) in the Rails console, or POST /api/v4/features/integrated_error_tracking with value=true."

// adviceOn holds the advice on each kind of error. Its words come before what GitLab answered.
var adviceOn = map[error]advice{
	errortracking.ErrUnauthorized: {
		"GitLab does not know the token.",
		"Check that the token (argument token or GITLAB_TOKEN) is complete, and that it was created on the GitLab at base_url.",
	},
	errortracking.ErrTokenExpired: {
		"The token has expired.",
		"Create an access token with the scope api and set it as the argument token or as GITLAB_TOKEN.",
	},
	errortracking.ErrTokenRevoked: {
		"The token was revoked.",
		"Create an access token with the scope api and set it as the argument token or as GITLAB_TOKEN.",
	},
	errortracking.ErrInsufficientScope: {
		"The token's scope does not allow this request. A token with the scope read_api cannot write.",
		"Use an access token with the scope api.",
	},
	errortracking.ErrForbidden: {
		"The token's user needs the Maintainer role in this project. GitLab does not accept CI job tokens for error tracking.",
		"Give the user of the token the Maintainer role, or use the token of a user who has it.",
	},
	errortracking.ErrMissingPermission: {
		"The fine-grained access token lacks the permission that GitLab names.",
		"Add that permission to the token. The provider needs Error Tracking Setting: Read and Update, Error Tracking Client Key: Read, Create and Delete, and Project: Read.",
	},
	errortracking.ErrRefused: {
		"GitLab refused the request for the reason in its answer.",
		"Resolve that, then run the command again.",
	},
	errortracking.ErrProjectNotFound: {
		"The project does not exist, or the token cannot see it. GitLab gives the same answer for both.",
		"Check the ID or the full path (group/project) of the project, and that the token's user has the Maintainer role in it.",
	},
	errortracking.ErrGroupNotFound: {
		"The group does not exist, or the token cannot see it. GitLab gives the same answer for both.",
		"Check the ID or the full path (group/subgroup) of the group, and that the token's user is a member.",
	},
	errortracking.ErrSettingsNotFound: {
		"The project has no error tracking settings.",
		"Create them with a gitlab_error_tracking_settings resource. If a resource manages them already, they were removed during this run: run the command again.",
	},
	errortracking.ErrFeatureDisabled: {
		"The feature flag integrated_error_tracking is off for the project, which is the default on self-managed GitLab. While it is off, GitLab's API cannot create settings.",
		enableFlag + " To show the errors of Sentry instead, connect a Sentry project once under Settings > Monitor > Error Tracking. Then apply with integrated = false.",
	},
	errortracking.ErrClientKeyNotFound: {
		"The project has no such client key.",
		"Check the key's ID.",
	},
	errortracking.ErrNoSuchEndpoint: {
		"GitLab does not have this API endpoint. Either base_url is not the root of a GitLab, or GitLab is older than 15.10.",
		"Check base_url. It is the address of GitLab's start page.",
	},
	errortracking.ErrFeatureRemoved: {
		"This GitLab no longer has error tracking. Its API works, but the endpoints of error tracking are gone.",
		"Remove the error tracking resources from the configuration and apply.",
	},
	errortracking.ErrProjectMoved: {
		"The project was renamed or moved, and GitLab does not accept its old path.",
		"Use the new full path of the project, or its ID, which never changes.",
	},
	errortracking.ErrRedirected: {
		"GitLab redirects to a different address. The provider does not follow, because it sends the token only to the scheme, host and port of base_url.",
		"Set base_url to the final address. Use https:// if GitLab redirects there.",
	},
	errortracking.ErrRejected: {
		"GitLab stored nothing, for the reason that it gives.",
		"Fix this, then run the command again. To give up the resource without a request, set on_destroy = \"keep\" and apply, or use a removed block.",
	},
	errortracking.ErrNoSentry: {
		"GitLab stored nothing, because the project has no working Sentry connection.",
		"Set integrated = true to collect errors in GitLab, or connect a Sentry project under Settings > Monitor > Error Tracking. To give up the resource without a request, set on_destroy = \"keep\" and apply, or use a removed block.",
	},
	errortracking.ErrSentryBlocked: {
		"GitLab stored nothing, because it does not allow requests to the project's Sentry.",
		"Ask an administrator to allow its URL under Admin > Settings > Network > Outbound requests. To give up the resource without a request, set on_destroy = \"keep\" and apply, or use a removed block.",
	},
	errortracking.ErrNotApplied: {
		"GitLab reported success but has different settings. The usual cause is the feature flag integrated_error_tracking, which is off by default on self-managed GitLab: GitLab then reports integrated = false whatever is stored.",
		enableFlag,
	},
	errortracking.ErrSettingsInUse: {
		"A project has one set of error tracking settings, and this run has created or updated them through another resource.",
		"There is nothing to do. The settings stay as that resource set them.",
	},
	errortracking.ErrBadRequest: {
		"GitLab did not accept the parameters of the request.",
		"Check that GitLab is 15.10 or newer. If it is, report this error to the developers of the provider.",
	},
	errortracking.ErrNotJSON: {
		"The answer did not come from GitLab's API, but from a sign-in page, a proxy or another web server.",
		"Check base_url. If GitLab is behind a proxy or single sign-on, allow access tokens to reach /api/v4.",
	},
	errortracking.ErrNoAPI: {
		"The answer did not come from GitLab's API, but from another web server, or base_url lacks GitLab's relative root.",
		"Check base_url. It is the address of GitLab's start page, such as https://gitlab.example.com/gitlab.",
	},
	errortracking.ErrMalformed: {
		"The answer is incomplete or does not match GitLab's documented API, so the provider ignored it.",
		"Run the command again. If the problem persists, check the proxies between this machine and GitLab, and GitLab's version.",
	},
	errortracking.ErrRateLimited: {
		"The rate limit of GitLab was reached. It counts the requests of all runs that use the same user.",
		"Run the command again later, with a lower -parallelism or a higher value of the argument retries.",
	},
	errortracking.ErrServer: {
		"GitLab has a problem of its own.",
		"Check GitLab's status page or logs, then run the command again.",
	},
	errortracking.ErrClientKeysFailed: {
		"GitLab failed on the client keys. If it does so every time, its instance setting error_tracking_api_url is not a valid URL.",
		"Ask a GitLab administrator to correct error_tracking_api_url (PUT /api/v4/application/settings), then run the command again.",
	},
	errortracking.ErrInterrupted: {
		"The run was stopped before GitLab answered.",
		"Run the command again when you are ready.",
	},
	errortracking.ErrHostNotFound: {
		"GitLab could not be reached, because the name of its host was not found.",
		"Check base_url and the name servers of this machine.",
	},
	errortracking.ErrUnreachable: {
		"GitLab could not be reached. Nothing accepts connections at the host and port of base_url, or a firewall blocks them.",
		"Check base_url, the network and the proxy variables (HTTPS_PROXY, NO_PROXY). Then run the command again.",
	},
	errortracking.ErrTimeout: {
		"GitLab could not be reached, or did not respond in time.",
		"Check base_url, the network and the proxy variables (HTTPS_PROXY, NO_PROXY). Then run the command again.",
	},
	errortracking.ErrProxyUnreachable: {
		"The proxy that the environment names could not be reached.",
		"Check HTTPS_PROXY or HTTP_PROXY, or add GitLab's host to NO_PROXY.",
	},
	errortracking.ErrProxyUnauthorized: {
		"The proxy that the environment names requires a user name and password.",
		"Put them into HTTPS_PROXY or HTTP_PROXY, such as http://user:password@proxy.example.com:3128, or add GitLab's host to NO_PROXY.",
	},
	errortracking.ErrProxyRefused: {
		"The proxy that the environment names did not connect to GitLab.",
		"Allow the connection in the proxy, or add GitLab's host to NO_PROXY.",
	},
	errortracking.ErrTLS: {
		"The TLS handshake failed. GitLab and the provider have no TLS version or cipher in common, or GitLab requires a client certificate.",
		"Enable TLS 1.2 or newer on the server, or set client_cert and client_key if it requires a client certificate.",
	},
	errortracking.ErrNoTLS: {
		"The server at base_url does not use TLS.",
		"Check the port in base_url, or use http:// if GitLab has no HTTPS.",
	},
	errortracking.ErrTLSRequired: {
		"The server at base_url accepts HTTPS only.",
		"Use https:// in base_url.",
	},
	errortracking.ErrCertificateNotTrusted: {
		"GitLab's certificate is not trusted on this machine.",
		"Set cacert_file to the certificate of the authority that issued it. For tests only, insecure = true turns the check off.",
	},
	errortracking.ErrCertificateExpired: {
		"GitLab's certificate has expired or is not valid yet.",
		"Renew the certificate, or correct the clock of this machine.",
	},
	errortracking.ErrCertificateOfOtherHost: {
		"GitLab's certificate is for another host name.",
		"Use a name from the certificate in base_url, or install a certificate for the name in base_url.",
	},
	errortracking.ErrClientCertificate: {
		"GitLab or a proxy in front of it requires a client certificate, and refused the one it got, if any.",
		"Set client_cert and client_key to the paths of a certificate and private key that the server accepts.",
	},
	errortracking.ErrConnection: {
		"GitLab could not be reached, or the connection broke before a response came.",
		"Check base_url, the network and the proxies between this machine and GitLab. Then run the command again.",
	},
	errortracking.ErrIncompleteList: {
		"The pages of GitLab's list do not add up to the total that GitLab states, so the provider ignored the list.",
		"Run the command again. The list may have changed while it was read.",
	},
	errortracking.ErrLostAnswer: {
		"GitLab may have created a client key although it did not say so. The provider read the keys afterwards and did not find exactly one new key, so it took none into the state.",
		"Check the client keys of the project. Import the key that belongs to this resource as <project>:<key_id>, or delete it. Then run the command again.",
	},
	errortracking.ErrEarlierFailure: {
		"The provider creates no more client keys in this project during this run.",
		"Resolve the first error, then run the command again.",
	},
	errortracking.ErrUnexpected: {
		"The provider does not know this answer.",
		"If the problem persists, report it to the developers of the provider.",
	},
}

// explain describes a failed request to the user: what GitLab answered, the likely cause, what to do.
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

// cause describes a failed request like explain, without what to do.
func cause(err error) string {
	var failed *errortracking.Error
	if !errors.As(err, &failed) {
		return sentence(err.Error())
	}
	return answered(failed) + " " + adviceOn[failed.Kind].cause
}

// answered says what came back for a request.
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

// capitalized makes the first letter of an English text a capital.
func capitalized(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// sentence ends a text with a full stop.
func sentence(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}
