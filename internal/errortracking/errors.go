package errortracking

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// What can go wrong, one value a meaning. GitLab gives one status several meanings (there are five kinds of 404), which
// its answers tell apart only by their body; this package reads it once, here.
var (
	// ErrUnauthorized means 401: the token is unknown to this GitLab.
	ErrUnauthorized = errors.New("GitLab does not know the token")
	// ErrTokenExpired means 401: the token was valid until its expiry date.
	ErrTokenExpired = errors.New("the token has expired")
	// ErrTokenRevoked means 401: somebody revoked the token.
	ErrTokenRevoked = errors.New("the token was revoked")
	// ErrInsufficientScope means 403: the token has not the scope for this request (read_api may not write).
	ErrInsufficientScope = errors.New("the token's scope does not allow this")
	// ErrForbidden means 403: the token's user is below the Maintainer role in the project.
	ErrForbidden = errors.New("the token's role in the project does not allow this")
	// ErrProjectNotFound means 404: no such project, or one that the token may not see, or one that is being deleted.
	ErrProjectNotFound = errors.New("project not found")
	// ErrGroupNotFound means 404: no such group, or one that the token may not see.
	ErrGroupNotFound = errors.New("group not found")
	// ErrSettingsNotFound means 404: the project has no error tracking settings yet.
	ErrSettingsNotFound = errors.New("the project has no error tracking settings")
	// ErrFeatureDisabled means 404 on PUT: the feature flag integrated_error_tracking is off for the project.
	ErrFeatureDisabled = errors.New("integrated error tracking is switched off on this GitLab")
	// ErrClientKeyNotFound means 404 on DELETE: the key is gone or belongs to another project.
	ErrClientKeyNotFound = errors.New("client key not found")
	// ErrNoSuchEndpoint means 404: this GitLab, or what answers in its place, does not have the endpoint.
	ErrNoSuchEndpoint = errors.New("no such API endpoint")
	// ErrProjectMoved means 301 or 405: the project was renamed or moved, and the path is an old one.
	ErrProjectMoved = errors.New("the project has moved")
	// ErrRedirected means a redirect that is not followed, because it leaves the base URL or would change the request.
	ErrRedirected = errors.New("redirected elsewhere")
	// ErrRejected means 200 with "status": "error": GitLab did not store the settings.
	ErrRejected = errors.New("GitLab rejected the settings")
	// ErrBadRequest means 400, 415 or 422: GitLab did not accept the parameters.
	ErrBadRequest = errors.New("GitLab did not accept the request")
	// ErrNotJSON means that something else than GitLab's API answered, a sign-in page for instance.
	ErrNotJSON = errors.New("the answer is not JSON")
	// ErrMalformed means JSON that is cut off, of another shape, or with impossible values.
	ErrMalformed = errors.New("the answer is not what GitLab's API documents")
	// ErrRateLimited means 429, after all repetitions.
	ErrRateLimited = errors.New("GitLab's rate limit is reached")
	// ErrServer means a status of 500 or above, after all repetitions.
	ErrServer = errors.New("GitLab failed")
	// ErrConnection means that no answer came, after all repetitions.
	ErrConnection = errors.New("no answer from GitLab")
	// ErrIncompleteList means that a list kept contradicting the number of rows that GitLab gave.
	ErrIncompleteList = errors.New("GitLab's list is incomplete")
	// ErrLostAnswer means that GitLab may have made a client key whose answer was lost, and that it cannot be told which.
	ErrLostAnswer = errors.New("the answer to the creation of a client key was lost")
	// ErrUnexpected means a status that the API facts do not explain.
	ErrUnexpected = errors.New("unexpected answer from GitLab")
)

// OptionError says which of a client's [Options] is wrong.
type OptionError struct {
	Option  string // the provider argument that holds it, such as "base_url"
	Problem string // a clause that begins with "it" or a name
}

// Error implements error.
func (e *OptionError) Error() string { return e.Option + ": " + e.Problem }

// Error is what went wrong with one request.
type Error struct {
	// Kind is one of this package's Err values.
	Kind error
	// Method and Path are the request's; the path is escaped and has no query. Both are empty when nothing was sent.
	Method, Path string
	// Status is the HTTP status of the last answer, 0 when there was none.
	Status int
	// Message is GitLab's own text, without control characters and secrets, of 300 characters at most; it may be empty.
	Message string
	// Location is where GitLab redirected to, without query, for [ErrRedirected] and [ErrProjectMoved].
	Location string
	// Attempts is how often the request was sent, and Elapsed how long that took in all.
	Attempts int
	Elapsed  time.Duration
	// Sent tells whether GitLab may have done what the last attempt asked for: it was sent, and not refused with a
	// redirect or a status of the 400s.
	Sent bool
	// Candidates are the client keys that may be meant, for [ErrLostAnswer].
	Candidates []ClientKey
	// movedTo is the project ID in Location, or 0, as GitLab sent it.
	movedTo int64
	// Err is the error of the connection or of the decoder, if there was one.
	Err error
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind.Error())
	if e.Method != "" {
		fmt.Fprintf(&b, " (%s %s", e.Method, e.Path)
		if e.Status != 0 {
			fmt.Fprintf(&b, ": %d %s", e.Status, http.StatusText(e.Status))
		}
		b.WriteString(")")
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the kind of the error and its cause, if there is one.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// masked is an error with another text, which has no secret.
type masked struct {
	error
	text string
}

// Error implements error.
func (m *masked) Error() string { return m.text }

// Unwrap returns the error that is masked.
func (m *masked) Unwrap() error { return m.error }

// verdict says what a finished call means; nil means an answer with a status of success. sendErr is client-go's error,
// which counts only where there is no answer.
func (c *call) verdict(ctx context.Context, sendErr error) *Error {
	if c.answer == nil {
		err := &Error{Kind: ErrConnection, Method: c.method, Path: c.path, Err: sendErr, Sent: c.sent}
		var failed *url.Error
		if errors.As(sendErr, &failed) {
			// url.Error repeats method and URL, which the message has already.
			err.Err = failed.Err
		}
		if errors.Is(err.Err, errBodyTooLong) {
			err.Kind = ErrMalformed
		}
		return err
	}
	a := c.answer
	if a.status == http.StatusOK || a.status == http.StatusCreated {
		return nil
	}
	err := a.failure(a.kind(), nil)
	if ctx.Err() != nil && errors.Is(sendErr, ctx.Err()) {
		// The wait for a repetition was cut short.
		err.Err = ctx.Err()
	}
	if location, parseErr := url.Parse(a.header.Get("Location")); parseErr == nil {
		location.RawQuery, location.ForceQuery, location.Fragment, location.User = "", false, "", nil
		err.Location, err.movedTo = location.String(), movedTo(location.String())
	}
	return err
}

// failure makes the error of an answer.
func (a *answer) failure(kind, cause error) *Error {
	return &Error{
		Kind: kind, Method: a.method, Path: a.path, Status: a.status, Message: a.message(), Err: cause,
		Sent: a.status < 300 || a.status >= 500,
	}
}

// complaint is the JSON of GitLab's errors: message from its own checks, error from its API layer and from OAuth.
type complaint struct {
	Status      text `json:"status"`
	Message     text `json:"message"`
	Error       text `json:"error"`
	Description text `json:"error_description"`
	Scope       text `json:"scope"`
}

// text is a JSON value read as text, whatever its type: GitLab's messages are texts, lists or objects.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*t = text(s)
		return nil
	}
	*t = text(data)
	return nil
}

// complaint reads the answer as an error; ok is false when it is no JSON object.
func (a *answer) complaint() (c complaint, ok bool) {
	return c, json.Unmarshal(a.body, &c) == nil
}

// message returns GitLab's own words in the answer, or nothing.
func (a *answer) message() string {
	c, ok := a.complaint()
	if !ok {
		if bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<")) {
			return ""
		}
		return string(a.body)
	}
	var words []string
	for _, t := range []text{c.Message, c.Error, c.Description} {
		if t != "" {
			words = append(words, string(t))
		}
	}
	if c.Scope != "" {
		words = append(words, "scope: "+string(c.Scope))
	}
	return strings.Join(words, "; ")
}

// printable makes a text of GitLab's fit for a terminal: what cannot be seen becomes a space, and it has 300 characters
// at most.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > 300 {
		return string(runes[:300]) + "…"
	}
	return string(runes)
}

// GitLab's texts that tell its answers of one status apart.
const (
	messageProjectNotFound   = "404 Project Not Found"
	messageGroupNotFound     = "404 Group Not Found"
	messageSettingsNotFound  = "404 Error Tracking Setting Not Found"
	messageFeatureDisabled   = "404 Not Found"
	messageClientKeyNotFound = "404 Not found"
	messageMoved             = "Non GET methods are not allowed for moved projects"
	errorInvalidToken        = "invalid_token"
	errorScope               = "insufficient_scope"
)

// kind reads the meaning of an answer whose status is no success.
func (a *answer) kind() error {
	c, ok := a.complaint()
	switch status := a.status; {
	case status == http.StatusTooManyRequests:
		return ErrRateLimited
	case status >= 500:
		return ErrServer
	case status >= 300 && status < 400:
		// A number does not move: what redirects it is no GitLab that knows a new path.
		if movedTo(a.header.Get("Location")) != 0 && movedTo(a.path) == 0 {
			return ErrProjectMoved
		}
		return ErrRedirected
	case status < 300:
		return ErrUnexpected
	case !ok:
		return ErrNotJSON
	case status == http.StatusUnauthorized && c.Error == errorInvalidToken && strings.Contains(string(c.Description), "expired"):
		return ErrTokenExpired
	case status == http.StatusUnauthorized && c.Error == errorInvalidToken && strings.Contains(string(c.Description), "revoked"):
		return ErrTokenRevoked
	case status == http.StatusUnauthorized:
		return ErrUnauthorized
	case status == http.StatusForbidden && c.Error == errorScope:
		return ErrInsufficientScope
	case status == http.StatusForbidden:
		return ErrForbidden
	case status == http.StatusNotFound:
		return a.kindOfNotFound(c)
	case status == http.StatusMethodNotAllowed && c.Message == messageMoved:
		return ErrProjectMoved
	case status == http.StatusBadRequest, status == http.StatusUnsupportedMediaType, status == http.StatusUnprocessableEntity:
		return ErrBadRequest
	}
	return ErrUnexpected
}

func (a *answer) kindOfNotFound(c complaint) error {
	switch {
	case c.Message == messageProjectNotFound:
		return ErrProjectNotFound
	case c.Message == messageGroupNotFound:
		return ErrGroupNotFound
	case c.Message == messageSettingsNotFound:
		return ErrSettingsNotFound
	case c.Message == messageFeatureDisabled && a.method == http.MethodPut:
		return ErrFeatureDisabled
	case c.Message == messageClientKeyNotFound && a.method == http.MethodDelete:
		return ErrClientKeyNotFound
	case c.Error != "":
		return ErrNoSuchEndpoint
	}
	return ErrUnexpected
}

var movedLocation = regexp.MustCompile(`/api/v4/projects/([0-9]+)(?:/|$)`)

// movedTo returns the project ID in an address of the API, as the Location of a moved project's answer has it, or 0.
func movedTo(location string) int64 {
	u, err := url.Parse(location)
	if err != nil {
		return 0
	}
	match := movedLocation.FindStringSubmatch(u.EscapedPath())
	if match == nil {
		return 0
	}
	id, err := strconv.ParseInt(match[1], 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// decode reads the JSON of a successful answer into reply.
func (a *answer) decode(reply any) *Error {
	body := bytes.TrimSpace(a.body)
	if bytes.HasPrefix(body, []byte("<")) {
		return a.failure(ErrNotJSON, nil)
	}
	if c, ok := a.complaint(); ok && c.Status == "error" {
		return a.failure(ErrRejected, nil)
	}
	err := json.Unmarshal(body, reply)
	if checked, ok := reply.(interface{ check() error }); ok && err == nil {
		err = checked.check()
	}
	if err != nil {
		failed := a.failure(ErrMalformed, err)
		failed.Message = ""
		return failed
	}
	return nil
}
