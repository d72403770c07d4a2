package errortracking

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// What can go wrong, one value for each meaning. Only the body of a response distinguishes the meanings of a status: GitLab
// has five kinds of 404.
var (
	// ErrUnauthorized means 401: the token is unknown to this GitLab.
	ErrUnauthorized = errors.New("GitLab does not recognize the token")
	// ErrTokenExpired means 401: the token was valid until its expiry date.
	ErrTokenExpired = errors.New("the token has expired")
	// ErrTokenRevoked means 401: somebody revoked the token.
	ErrTokenRevoked = errors.New("the token was revoked")
	// ErrInsufficientScope means 403: the token lacks the scope for this request. With read_api it cannot write.
	ErrInsufficientScope = errors.New("the token's scope does not allow this")
	// ErrForbidden means 403: the token's user is below the Maintainer role in the project.
	ErrForbidden = errors.New("the token's role in the project does not allow this")
	// ErrMissingPermission means 403: a fine-grained token lacks a permission, which GitLab's message names.
	ErrMissingPermission = errors.New("the fine-grained token lacks the permission that GitLab names")
	// ErrRefused means 403 for a reason that GitLab's message gives, such as a blocked user or a read-only instance.
	ErrRefused = errors.New("GitLab refused the request; its message gives the reason")
	// ErrProjectNotFound means 404: no such project, or one that the token may not see, or one that is being deleted.
	ErrProjectNotFound = errors.New("project not found")
	// ErrGroupNotFound means 404: no such group, or one that the token may not see.
	ErrGroupNotFound = errors.New("group not found")
	// ErrSettingsNotFound means 404: the project has no error tracking settings yet.
	ErrSettingsNotFound = errors.New("the project has no error tracking settings")
	// ErrFeatureDisabled means 404 on PUT: the feature flag integrated_error_tracking is off for the project.
	ErrFeatureDisabled = errors.New("integrated error tracking is disabled for the project")
	// ErrFlagDisabled is [ErrFeatureDisabled] of a project that has settings.
	ErrFlagDisabled = fmt.Errorf("%w: it cannot be selected", ErrFeatureDisabled)
	// ErrClientKeyNotFound means 404 on DELETE: the key is gone or belongs to another project.
	ErrClientKeyNotFound = errors.New("the project has no such client key")
	// ErrNoSuchEndpoint means 404: this GitLab, or what responds in its place, does not have the endpoint.
	ErrNoSuchEndpoint = errors.New("no such API endpoint")
	// ErrFeatureRemoved means 404: this GitLab is recent, but no longer has error tracking.
	ErrFeatureRemoved = errors.New("this GitLab no longer has error tracking")
	// ErrProjectMoved means 301 or 405: the project was renamed or moved, and the path is an old one.
	ErrProjectMoved = errors.New("the project was renamed or moved, and GitLab does not accept its old path")
	// ErrRedirected means a redirect. None is followed, since the token belongs to the base URL.
	ErrRedirected = errors.New("redirected elsewhere")
	// ErrRejected means 200 with "status": "error": GitLab did not store the settings.
	ErrRejected = errors.New("GitLab rejected the settings")
	// ErrNoSentry means that GitLab stores integrated = false only where a Sentry project is connected.
	ErrNoSentry = fmt.Errorf("%w: no Sentry project is connected", ErrRejected)
	// ErrSentryBlocked means that this GitLab does not allow requests to the Sentry of the project.
	ErrSentryBlocked = fmt.Errorf("%w: requests to its Sentry are blocked", ErrRejected)
	// ErrNotApplied means success with settings in the response that are not those that were asked for.
	ErrNotApplied = errors.New("GitLab did not apply the settings")
	// ErrSettingsInUse means that settings are to be reset that this client has saved.
	ErrSettingsInUse = errors.New("the settings are used by another object")
	// ErrBadRequest means 400, 415 or 422: GitLab did not accept the parameters.
	ErrBadRequest = errors.New("GitLab did not accept the parameters of the request")
	// ErrNotJSON means that something other than GitLab's API responded, such as a sign-in page.
	ErrNotJSON = errors.New("the response is not JSON")
	// ErrNoAPI means 404 with a page: there is no API below the base URL, which may lack GitLab's relative root.
	ErrNoAPI = fmt.Errorf("%w: there is no GitLab API at this address", ErrNotJSON)
	// ErrMalformed means JSON that is cut off, of another shape, or with impossible values.
	ErrMalformed = errors.New("the response does not match GitLab's documented API")
	// ErrRateLimited means 429, after all retries.
	ErrRateLimited = errors.New("GitLab's rate limit is reached")
	// ErrServer means a status of 500 or above, after all retries.
	ErrServer = errors.New("GitLab returned a server error")
	// ErrClientKeysFailed means 500 on client keys, as always while the setting error_tracking_api_url is invalid.
	ErrClientKeysFailed = fmt.Errorf("%w for client keys", ErrServer)
	// ErrConnection means that no response came, after all retries: the connection broke, or one of the errors that wrap this.
	ErrConnection = errors.New("no response from GitLab")
	// ErrHostNotFound means that the name of the host could not be resolved.
	ErrHostNotFound = fmt.Errorf("%w: the name of its host was not found", ErrConnection)
	// ErrUnreachable means that the host refused the connection, or that there is no way to it.
	ErrUnreachable = fmt.Errorf("%w: its host cannot be reached", ErrConnection)
	// ErrTimeout means that the time for a connection or a response was over.
	ErrTimeout = fmt.Errorf("%w in time", ErrConnection)
	// ErrProxyUnreachable means that there is no connection to the proxy of the environment.
	ErrProxyUnreachable = fmt.Errorf("%w: the proxy cannot be reached", ErrConnection)
	// ErrProxyUnauthorized means 407: the proxy of the environment wants a user name and password.
	ErrProxyUnauthorized = fmt.Errorf("%w: the proxy requires authentication", ErrConnection)
	// ErrProxyRefused means any other status than 200 from the proxy, which has not connected to the host.
	ErrProxyRefused = fmt.Errorf("%w: the proxy refused the connection", ErrConnection)
	// ErrTLS means that the TLS handshake failed, mostly because server and client have no version or cipher in common.
	ErrTLS = fmt.Errorf("%w over TLS", ErrConnection)
	// ErrNoTLS means that the server does not speak TLS: the scheme should be http, or the port is another service's.
	ErrNoTLS = fmt.Errorf("%w: the server does not use TLS", ErrTLS)
	// ErrTLSRequired means that the server speaks only TLS: the scheme should be https.
	ErrTLSRequired = fmt.Errorf("%w: the server requires HTTPS", ErrTLS)
	// ErrCertificateNotTrusted means that no trusted authority has issued the server's certificate.
	ErrCertificateNotTrusted = fmt.Errorf("%w: the certificate is not trusted", ErrTLS)
	// ErrCertificateExpired means that the server's certificate has expired or is not valid yet.
	ErrCertificateExpired = fmt.Errorf("%w: the certificate has expired or is not valid yet", ErrTLS)
	// ErrCertificateOfOtherHost means that the server's certificate is valid for other names.
	ErrCertificateOfOtherHost = fmt.Errorf("%w: the certificate is for another host", ErrTLS)
	// ErrClientCertificate means that the server wants a client certificate, or another one.
	ErrClientCertificate = fmt.Errorf("%w: the client certificate is missing or was refused", ErrTLS)
	// ErrInterrupted means that the request was given up because its context was cancelled.
	ErrInterrupted = errors.New("the run was stopped before GitLab responded")
	// ErrIncompleteList means that in each reading of a list its pages contradicted each other or their number of rows.
	ErrIncompleteList = errors.New("the pages of GitLab's list do not add up to the total that GitLab states")
	// ErrLostAnswer means an unclear response to the creation of a client key, after which no new key shows, or several. Its
	// errors also wrap what was wrong with the response, such as [ErrServer].
	ErrLostAnswer = errors.New("it is unclear whether GitLab created a client key")
	// ErrEarlierFailure means that a client key was not created because an earlier creation in the project failed. Its errors
	// also wrap that one.
	ErrEarlierFailure = errors.New("an earlier creation of a client key in this project failed")
	// ErrUnexpected means a status that the API facts do not explain.
	ErrUnexpected = errors.New("the provider does not recognize this response")
)

// OptionError says which of a client's [Options] is wrong.
type OptionError struct {
	Option  string // the provider argument that holds it, such as "base_url"
	Problem string // a clause that begins with "it" or a name
}

func (e *OptionError) Error() string { return e.Option + ": " + e.Problem }

// Error is what went wrong with one request.
type Error struct {
	// Kind is one of this package's Err values.
	Kind error
	// Host is the host and port of GitLab.
	Host string
	// Method and Path are the request's; the path is escaped and has no query. Both are empty when nothing was sent.
	Method, Path string
	// Status is the HTTP status of the last response, 0 when there was none.
	Status int
	// Message is GitLab's own text, without control characters and secrets, of 300 characters at most; it may be empty.
	Message string
	// Location is where GitLab redirected to, without query, for [ErrRedirected] and [ErrProjectMoved].
	Location string
	// Attempts is how often the request was sent, and Elapsed how long that took in all.
	Attempts int
	Elapsed  time.Duration
	// Wait is how long the last response asked to wait before a retry, 0 when it did not say. More retries do not help
	// where it is above [LongestWait].
	Wait time.Duration
	// Sent says whether GitLab may have applied a write: it was sent and not clearly rejected.
	Sent bool
	// Keys are the new client keys for [ErrLostAnswer], and the existing ones for [ErrClientKeyNotFound].
	Keys []ClientKey
	// firstKind is the kind of the creating request's error, for [ErrLostAnswer].
	firstKind error
	// Err is the error of the connection or of the decoder, if there was one.
	Err error
}

func (e *Error) Error() string {
	text := e.Kind.Error()
	if e.Method != "" {
		request := e.Method + " " + e.Path
		if e.Status != 0 {
			request += ": " + StatusLine(e.Status)
		}
		text += " (" + request + ")"
	}
	for _, detail := range []string{e.Message, e.Cause()} {
		if detail != "" {
			text += ": " + detail
		}
	}
	return text
}

// Cause returns the text of Err, which may be empty.
func (e *Error) Cause() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// StatusLine returns a status as a number, with its standard text where it has one.
func StatusLine(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// Unwrap returns the kind of the error, for [ErrLostAnswer] the kind of the failed request, and the cause, if there is one.
func (e *Error) Unwrap() []error {
	return slices.DeleteFunc([]error{e.Kind, e.firstKind, e.Err}, func(err error) bool { return err == nil })
}

// ambiguous returns the error of a write that leaves open whether GitLab has done what it was asked for, else nil.
func ambiguous(err error) *Error {
	failed, ok := errors.AsType[*Error](err)
	if !ok || !failed.Sent || errors.Is(failed.Kind, ErrNotApplied) {
		return nil
	}
	return failed
}
