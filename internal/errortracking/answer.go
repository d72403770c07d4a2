package errortracking

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// answer is what GitLab sent back for one attempt.
type answer struct {
	method string
	path   string // escaped and without the query
	status int
	header http.Header
	body   []byte
}

// verdict says what a finished call means; nil means an answer with a status of success. sendErr is the HTTP client's error,
// which counts only where there is no answer.
func (c *call) verdict(ctx context.Context, sendErr error) *Error {
	if c.answer == nil {
		err := &Error{Kind: ErrConnection, Method: c.method, Path: c.path, Err: sendErr, Sent: c.sent}
		var failed *url.Error
		if errors.As(sendErr, &failed) {
			// url.Error repeats method and URL, which the message has already.
			err.Err = failed.Err
		}
		switch {
		case errors.Is(err.Err, errBodyTooLong):
			err.Kind = ErrMalformed
		case ctx.Err() != nil:
			err.Kind = ErrInterrupted
		case err.Err != nil && refusesCertificate(err.Err):
			err.Kind = ErrClientCertificate
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
		err.Kind, err.Err = ErrInterrupted, ctx.Err()
	}
	if location, parseErr := url.Parse(a.header.Get("Location")); parseErr == nil {
		location.RawQuery, location.ForceQuery, location.Fragment, location.User = "", false, "", nil
		err.Location, err.movedTo = location.String(), movedTo(location.String())
	}
	return err
}

// refusesCertificate reports whether an error is a TLS alert about a client's certificate, for which crypto/tls exports no
// value.
func refusesCertificate(err error) bool {
	_, alert, remote := strings.Cut(err.Error(), "remote error: tls: ")
	return remote && (strings.Contains(alert, "certificate") || strings.Contains(alert, "handshake failure"))
}

// failure makes the error of an answer.
func (a *answer) failure(kind, cause error) *Error {
	return &Error{
		Kind: kind, Method: a.method, Path: a.path, Status: a.status, Message: a.message(), Err: cause,
		Wait: requestedWait(a.status, a.header),
		Sent: !errors.Is(kind, ErrRejected) && (a.status < 300 || a.status >= 500),
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

// meanings are the answers of a status that has several, the special before the general. Where a text is empty, any will do.
var meanings = []struct {
	status                      int
	method                      string
	message, error, description string // the last one is a part of GitLab's error_description
	kind                        error
}{
	{status: 400, kind: ErrBadRequest},
	{status: 401, error: "invalid_token", description: "expired", kind: ErrTokenExpired},
	{status: 401, error: "invalid_token", description: "revoked", kind: ErrTokenRevoked},
	{status: 401, kind: ErrUnauthorized},
	{status: 403, error: "insufficient_scope", kind: ErrInsufficientScope},
	{status: 403, error: "insufficient_granular_scope", kind: ErrMissingPermission},
	{status: 403, message: "403 Forbidden", kind: ErrForbidden},
	{status: 403, kind: ErrRefused},
	{status: 404, message: "404 Project Not Found", kind: ErrProjectNotFound},
	{status: 404, message: "404 Group Not Found", kind: ErrGroupNotFound},
	{status: 404, message: "404 Error Tracking Setting Not Found", kind: ErrSettingsNotFound},
	{status: 404, method: http.MethodPut, message: "404 Not Found", kind: ErrFeatureDisabled},
	// A fine-grained token does not cover the project, or it is gone.
	{status: 404, message: "404 Not Found", kind: ErrProjectNotFound},
	{status: 404, method: http.MethodDelete, message: "404 Not found", kind: ErrClientKeyNotFound},
	{status: 404, error: "404 Not Found", kind: ErrNoSuchEndpoint},
	{status: 404, error: "Not Found", kind: ErrNoSuchEndpoint}, // of Rails, outside the API
	{status: 405, message: "Non GET methods are not allowed for moved projects", kind: ErrProjectMoved},
	{status: 415, kind: ErrBadRequest},
	{status: 422, kind: ErrBadRequest},
}

// kind reads the meaning of an answer whose status is no success.
func (a *answer) kind() error {
	switch {
	case a.status == http.StatusTooManyRequests:
		return ErrRateLimited
	case a.status == http.StatusInternalServerError && strings.Contains(a.path, "/error_tracking/client_keys"):
		return ErrClientKeysFailed
	case a.status >= 500:
		return ErrServer
	// A number does not move: what redirects it is no GitLab that knows a new path.
	case a.status >= 300 && a.status < 400 && movedTo(a.header.Get("Location")) != 0 && movedTo(a.path) == 0:
		return ErrProjectMoved
	case a.status >= 300 && a.status < 400:
		return ErrRedirected
	}
	c, ok := a.complaint()
	if !ok && a.status >= 400 {
		return ErrNotJSON
	}
	for _, m := range meanings {
		if m.status == a.status && (m.method == "" || m.method == a.method) && (m.message == "" || m.message == string(c.Message)) &&
			(m.error == "" || m.error == string(c.Error)) && strings.Contains(string(c.Description), m.description) {
			return m.kind
		}
	}
	return ErrUnexpected
}

// movedTo returns the project ID in an address of the API, as the Location of a moved project's answer has it, or 0.
func movedTo(location string) int64 {
	path, _, _ := strings.Cut(location, "?")
	_, rest, _ := strings.Cut(path, "/api/v4/projects/")
	number, _, _ := strings.Cut(rest, "/")
	id, err := strconv.ParseUint(number, 10, 63)
	if err != nil {
		return 0
	}
	return int64(id)
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
