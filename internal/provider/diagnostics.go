package provider

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The titles of all errors and warnings. The troubleshooting guide has a heading for each.
const (
	missingToken          = "Missing GitLab token"
	invalidArgument       = "Invalid provider argument"
	invalidEnvironment    = "Invalid environment variable"
	unableToSignIn        = "Unable to sign in to GitLab"
	unableToReachGitLab   = "Unable to reach GitLab"
	unexpectedResponse    = "Unexpected response from GitLab"
	gitlabUnavailable     = "GitLab is unavailable"
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
	unableToReadGroup   = "Unable to read group"
	unableToReplace     = "Unable to create or replace resource"
	differentProject    = "Different project"
	projectNotFound     = "Project not found"
	projectNotVisible   = "Project no longer visible"
	projectMoved        = "Project has moved"
	willBeForgotten     = "Resource will be forgotten"
	projectsSkipped     = "Projects skipped"
	featureRemoved      = "GitLab no longer has error tracking"
	waitedForRateLimit  = "Waited for GitLab's rate limit"

	unableToReadSettings   = "Unable to read error tracking settings"
	unableToSaveSettings   = "Unable to save error tracking settings"
	unableToApplyOnDestroy = "Unable to apply on_destroy"
	settingsKept           = "Error tracking settings kept"
	settingsWillChange     = "Existing settings will change"
	settingsManagedTwice   = "Error tracking settings managed twice"
	originalUnknown        = "Original settings unknown"

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

// addFailure adds the error of a failed request about an object, such as "Project acme/web".
func addFailure(diags *diag.Diagnostics, title, about string, err error) {
	diags.AddError(titleOf(err, title), about+": "+explain(err))
}

// titleOf returns the title of the layer that an error is the fault of, or the given one: always if a write may have changed
// something, which matters more.
func titleOf(err error, title string) string {
	failed, ok := errors.AsType[*errortracking.Error](err)
	switch {
	case errors.Is(err, errortracking.ErrName):
		return invalidProject
	case !ok || failed.Sent:
		return title
	}
	return cmp.Or(adviceOn[failed.Kind].title, title)
}

// inProject begins a detail with the project that it is about.
func inProject(project types.String, detail string) string { return named(project) + ": " + detail }

func named(project types.String) string { return "Project " + project.ValueString() }

// advice is what the provider says of one kind of error: the likely cause, and what to do. Without a cause it is the text of
// the kind. The title is that of errors that are the fault of something other than the object at hand, the same for every object.
type advice struct{ title, cause, cure string }

// What several kinds of errors have in common.
var (
	newToken     = "Create an access token with the scope api, and set it as the argument token or as GITLAB_TOKEN."
	checkNetwork = "Check base_url, the network and the proxy variables (HTTPS_PROXY, NO_PROXY)."
	skipCheck    = " For tests only, insecure = true skips the verification."
	enableFlag   = "Integrated error tracking is a service of GitLab.com. Elsewhere it needs a collector of your own at error_tracking_api_url, and the flag, which a GitLab administrator enables."
	brokenAPIURL = "If this persists, the instance setting error_tracking_api_url is probably not a valid URL."
	connectFirst = "Connect a Sentry project under Settings > Monitor > Error Tracking, which creates the settings. Then apply again."
	stopManaging = "To stop managing the settings without changing them, set on_destroy = \"" + onDestroyKeep + "\" and apply, or use a removed block that has destroy = false."
)

// adviceOn holds the advice on each kind of error.
var adviceOn = map[error]advice{
	errortracking.ErrUnauthorized:      {unableToSignIn, "", "Check that the token (argument token or GITLAB_TOKEN) is complete, and that it was created on the GitLab at base_url."},
	errortracking.ErrTokenExpired:      {unableToSignIn, "", newToken},
	errortracking.ErrTokenRevoked:      {unableToSignIn, "", newToken},
	errortracking.ErrInsufficientScope: {"", "The token's scope does not allow this request. A token with the scope read_api cannot write.", "Use an access token with the scope api."},
	errortracking.ErrForbidden:         {"", "The token's user needs the Maintainer role in this project.", "Grant the Maintainer role to the token's user, or use the token of a user who has it."},
	errortracking.ErrMissingPermission: {"", "", "Add it to the token. The provider needs Error Tracking Setting: Read and Update, Error Tracking Client Key: Read, Create and Delete, and Project: Read."},
	errortracking.ErrRefused:           {"", "", "Fix this, then run the command again."},
	errortracking.ErrProjectNotFound:   {unableToFindProject, "The project does not exist, or the token cannot see it: GitLab's response is the same.", "Check the ID or the full path, which includes the group (group/project), and that the token's user has the Maintainer role in the project."},
	errortracking.ErrGroupNotFound:     {unableToFindGroup, "The group does not exist, or the token cannot see it: GitLab's response is the same.", "Check the ID or the full path (group/subgroup), and that the token's user is a member of the group."},
	errortracking.ErrSettingsNotFound:  {"", "", "Create them with a gitlab_error_tracking_settings resource. Where its feature flag is disabled, connect a Sentry project in the GitLab UI first. If a resource manages them already, they were removed during this run: run the command again."},
	errortracking.ErrFeatureDisabled:   {"", "The feature flag integrated_error_tracking is disabled for the project, so GitLab's API cannot create settings.", enableFlag + " Otherwise connect Sentry under Settings > Monitor > Error Tracking, and set integrated = false."},
	errortracking.ErrFlagDisabled:      {"", "The feature flag integrated_error_tracking is disabled for the project, so GitLab's API cannot set integrated = true.", enableFlag + " Otherwise use Sentry, with integrated = false."},
	errortracking.ErrClientKeyNotFound: {"", "", "Check the key's ID."},
	errortracking.ErrNoSuchEndpoint:    {unexpectedResponse, "GitLab does not have this API endpoint. Either base_url is not the root of a GitLab, or GitLab is older than 15.10.", "Check base_url. It is the address of GitLab's home page."},
	errortracking.ErrFeatureRemoved:    {"", "This GitLab no longer has error tracking: its API works, but the endpoints of error tracking are gone.", "Remove the error tracking resources from the configuration and apply."},
	errortracking.ErrProjectMoved:      {"", "", "Use the new full path of the project, or its ID, which never changes."},
	errortracking.ErrRedirected:        {unexpectedResponse, "GitLab redirects to another address. The provider does not follow, because it sends the token only to base_url.", "Set base_url to the final address. Use https:// if GitLab redirects there."},
	errortracking.ErrRejected:          {"", "GitLab stored nothing, for the reason that it gives.", "Fix this, then run the command again."},
	errortracking.ErrNoSentry:          {"", "GitLab stored nothing, because no Sentry project is connected.", "Connect one under Settings > Monitor > Error Tracking. On GitLab.com you can let GitLab collect the errors instead, with integrated = true."},
	errortracking.ErrSentryBlocked:     {"", "GitLab stored nothing, because this GitLab does not allow requests to the connected Sentry.", "Ask an administrator to allow its URL under Admin > Settings > Network > Outbound requests."},
	errortracking.ErrNotApplied:        {"", "GitLab reported success but has other settings. While the feature flag integrated_error_tracking is disabled, it reports integrated = false whatever is stored.", enableFlag},
	errortracking.ErrBadRequest:        {"", "", "Check that GitLab is 15.10 or newer. If it is, report this error to the developers of the provider."},
	errortracking.ErrNotJSON:           {unexpectedResponse, "The response came from a sign-in page, a proxy or another web server, not from GitLab's API.", "Check base_url. Behind a proxy or single sign-on, allow access tokens to reach /api/v4."},
	errortracking.ErrNoAPI:             {unexpectedResponse, "There is no GitLab API at this address. It may be another web server, or base_url lacks GitLab's relative root.", "Check base_url. It is the address of GitLab's home page, such as https://gitlab.example.com/gitlab, and not of a project."},
	errortracking.ErrMalformed:         {unexpectedResponse, "The response is incomplete or does not match GitLab's documented API, so the provider ignored it.", "Run the command again. If the problem persists, check the proxies on the way and GitLab's version."},
	errortracking.ErrRateLimited:       {gitlabUnavailable, "GitLab's rate limit is reached. It counts the requests of all runs of the same user.", "Run the command again later, with a lower -parallelism."},
	errortracking.ErrServer:            {gitlabUnavailable, "", "Check GitLab's status page or logs, then run the command again."},
	errortracking.ErrClientKeysFailed:  {"", "GitLab failed to process client keys. " + brokenAPIURL, "Ask a GitLab administrator to correct it (PUT /api/v4/application/settings), then run the command again."},
	errortracking.ErrInterrupted:       {"", "", "Run the command again when you are ready."},

	errortracking.ErrConnection:             {unableToReachGitLab, "The connection broke before a response came.", "Check the scheme in base_url (https:// or http://), the network and the proxy variables (HTTPS_PROXY, NO_PROXY). Then run the command again."},
	errortracking.ErrHostNotFound:           {unableToReachGitLab, "The name of GitLab's host was not found.", "Check base_url, and the name servers of this machine."},
	errortracking.ErrUnreachable:            {unableToReachGitLab, "Nothing accepts connections at the host and port of base_url, or a firewall blocks them.", checkNetwork},
	errortracking.ErrTimeout:                {unableToReachGitLab, "GitLab did not respond in time.", checkNetwork + " Then run the command again."},
	errortracking.ErrProxyUnreachable:       {unableToReachGitLab, "The proxy that the environment names cannot be reached.", "Check HTTPS_PROXY or HTTP_PROXY, or add GitLab's host to NO_PROXY."},
	errortracking.ErrProxyUnauthorized:      {unableToReachGitLab, "The proxy that the environment names requires a user name and password.", "Put them into HTTPS_PROXY or HTTP_PROXY, such as http://user:password@proxy.example.com:3128, or add GitLab's host to NO_PROXY."},
	errortracking.ErrProxyRefused:           {unableToReachGitLab, "The proxy that the environment names refused to connect to GitLab.", "Allow the connection in the proxy, or add GitLab's host to NO_PROXY."},
	errortracking.ErrTLS:                    {unableToReachGitLab, "The TLS handshake failed: GitLab and the provider share no TLS version or cipher, or GitLab requires a client certificate.", "Enable TLS 1.2 or newer on the server, or set client_cert and client_key."},
	errortracking.ErrNoTLS:                  {unableToReachGitLab, "The server at base_url does not use TLS.", "Check the port in base_url, or use http:// if GitLab has no HTTPS."},
	errortracking.ErrTLSRequired:            {unableToReachGitLab, "The server at base_url accepts HTTPS only.", "Use https:// in base_url."},
	errortracking.ErrCertificateNotTrusted:  {unableToReachGitLab, "GitLab's certificate is not trusted on this machine.", "Set cacert_file to the certificate of the authority that issued it." + skipCheck},
	errortracking.ErrCertificateExpired:     {unableToReachGitLab, "GitLab's certificate has expired or is not valid yet.", "Renew the certificate, or correct the clock of this machine." + skipCheck},
	errortracking.ErrCertificateOfOtherHost: {unableToReachGitLab, "GitLab's certificate is for another host name.", "Use a name from the certificate in base_url, or install one for the name in base_url." + skipCheck},
	errortracking.ErrClientCertificate:      {unableToReachGitLab, "GitLab, or a proxy in front of it, requires a client certificate, and did not get one that it accepts.", "Set client_cert and client_key to the paths of a certificate and its private key."},

	errortracking.ErrIncompleteList: {"", "", "Run the command again. The list may have changed while it was read."},
	errortracking.ErrLostAnswer:     {"", "GitLab may have created a client key even though no clear response came. The provider found no new key, or several, so the state has none.", "Check the project's client keys. Import this resource's key as <project>:<key_id>, or delete it. Then run the command again."},
	errortracking.ErrEarlierFailure: {"", "The provider creates no more client keys in this project during this run.", "Fix the first error, then run the command again."},
	errortracking.ErrUnexpected:     {unexpectedResponse, "", "If the problem persists, report it to the developers of the provider."},
}

// explain describes a failed request to the user: what GitLab answered, the likely cause, what to do.
func explain(err error) string {
	failed, ok := errors.AsType[*errortracking.Error](err)
	if !ok {
		return sentence(err.Error())
	}
	text := cause(err) + "\n\n" + adviceOn[failed.Kind].cure
	switch {
	case errors.Is(failed.Kind, errortracking.ErrLostAnswer) && errors.Is(err, errortracking.ErrClientKeysFailed):
		text += "\n\n" + brokenAPIURL
	case errors.Is(failed.Kind, errortracking.ErrRateLimited) && failed.Wait <= errortracking.LongestWait:
		text += " A higher value of the argument retries helps, too."
	}
	return text
}

// cause describes a failed request like explain, without what to do.
func cause(err error) string {
	failed, ok := errors.AsType[*errortracking.Error](err)
	if !ok {
		return sentence(err.Error())
	}
	return answered(failed) + "\n\n" + cmp.Or(adviceOn[failed.Kind].cause, capitalized(sentence(failed.Kind.Error())))
}

// answered says what came back for a request.
func answered(e *errortracking.Error) string {
	var b strings.Builder
	switch {
	case e.Status == 0 && e.Method == "":
		fmt.Fprintf(&b, "Nothing was sent to GitLab at %s", e.Host)
	case e.Status == 0:
		fmt.Fprintf(&b, "GitLab at %s did not respond to %s %s", e.Host, e.Method, e.Path)
	default:
		fmt.Fprintf(&b, "GitLab at %s returned %s for %s %s", e.Host, errortracking.StatusLine(e.Status), e.Method, e.Path)
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
		b.WriteString(". New client keys: " + cmp.Or(keyIDs(e.Keys), "none"))
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

// warnOfUntrackedKeys says which client keys a save of settings may have left in a project.
func warnOfUntrackedKeys(project types.String, saved errortracking.SavedSettings, diags *diag.Diagnostics) {
	failed, ok := errors.AsType[*errortracking.Error](saved.UntrackedErr)
	if !ok {
		return
	}
	found := "The keys could not be listed, or none shows yet."
	if len(saved.Untracked) > 0 {
		found = "Client keys that this run did not know before: " + keyIDs(saved.Untracked) + "."
	}
	diags.AddWarning(clientKeysUntracked, inProject(project, answered(failed)+
		" So the save may have left a client key that no resource manages: the provider's temporary key, or one that GitLab created by itself. "+found+
		"\n\nDelete the key if no application uses it, or import it as <project>:<key_id>."))
}

// keyIDs lists client keys by their IDs; a whole key is never shown.
func keyIDs(keys []errortracking.ClientKey) string {
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = strconv.FormatInt(k.ID, 10)
		if !k.Active {
			ids[i] += " (inactive)"
		}
	}
	return strings.Join(ids, ", ")
}
