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
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// answer is what a server sent back for one attempt.
type answer struct {
	status int
	header http.Header
	body   []byte // without space around it
}

// decode unmarshals a successful answer into reply. Otherwise it returns the kind of the failure and its cause, which may be nil.
// err is the error of the HTTP client.
func (c *call) decode(ctx context.Context, err error, reply any) (kind, cause error) {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err // The outer error repeats method and URL.
	}
	switch a := c.answer; {
	case errors.Is(ctx.Err(), context.Canceled) && (a == nil || errors.Is(err, context.Canceled)):
		return ErrInterrupted, err
	case a == nil:
		return ConnectionKind(err), err
	case a.status != http.StatusOK && a.status != http.StatusCreated:
		return c.classify(ctx), nil
	case a.isPage():
		return ErrNotJSON, nil
	}
	if body, _ := c.answer.errorBody(); body["status"] == "error" {
		switch message := string(body["message"]); {
		case strings.Contains(message, "is a required field"):
			return ErrNoSentry, nil
		case strings.Contains(message, "is blocked"):
			return ErrSentryBlocked, nil
		}
		return ErrRejected, nil
	}
	err = json.Unmarshal(c.answer.body, reply)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok { // Its text names Go types.
		err = fmt.Errorf("unexpected JSON %s", strings.TrimSuffix(wrong.Value+" in "+wrong.Field, " in "))
	}
	if err != nil {
		return ErrMalformed, err
	}
	return nil, nil
}

// decodeObject reads the JSON of an object of GitLab's. It is an error if a required field is missing, null, empty or, where it
// is a number, not positive. Then the object stays as it is.
func decodeObject[T any](data []byte, object *T, required ...string) error {
	var row T
	if err := json.Unmarshal(data, &row); err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(data, &fields) // which is an object
	for _, name := range required {
		value := string(fields[name])
		if slices.Contains([]string{"", "null", `""`, "0"}, value) || strings.HasPrefix(value, "-") {
			return errors.New(name + " is missing")
		}
	}
	*object = row
	return nil
}

// failure builds the error of a call. If GitLab answered 2xx and decoding failed, the body is data, so it is not used as a
// message. Secrets are masked before a message is cut to size, so that no part of one stays.
func (c *call) failure(kind, cause error) *Error {
	mask := c.client.secrets.Replace
	a := c.answer
	e := &Error{
		Kind: kind, Host: c.client.base.Host,
		Attempts: c.attempts, Elapsed: time.Since(c.started), Err: cause,
		Sent: c.method != http.MethodGet && (c.mayHaveApplied || a != nil && a.status < 300 && !errors.Is(kind, ErrRejected)),
	}
	if c.attempts > 0 {
		e.Method, e.Path = c.method, mask(c.path)
	}
	if text := e.Cause(); mask(text) != text {
		e.Err = errors.New(mask(text))
	}
	if a == nil {
		return e
	}
	e.Status, e.Wait = a.status, a.wait()
	if cause == nil || a.status >= 300 {
		e.Message = Printable(a.status, mask(a.message()))
	}
	if to, err := url.Parse(a.header.Get("Location")); err == nil && a.status >= 300 {
		e.Location = mask((&url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path, RawPath: to.RawPath}).String())
	}
	return e
}

// errorBody reads the JSON of GitLab's errors: message from its own checks, error from its API layer and from OAuth. ok is
// false when the answer is not a JSON object.
func (a *answer) errorBody() (c map[string]text, ok bool) {
	return c, json.Unmarshal(a.body, &c) == nil
}

// text is a JSON value read as text, whatever its type: GitLab's messages are texts, lists or objects.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, (*string)(t)) != nil {
		*t = text(data)
	}
	return nil
}

// isPage reports whether the answer is HTML.
func (a *answer) isPage() bool { return bytes.HasPrefix(a.body, []byte("<")) }

// message returns the server's own words, or nothing.
func (a *answer) message() string {
	c, ok := a.errorBody()
	switch {
	case a.isPage():
		return ""
	case !ok:
		return string(a.body)
	}
	var words []string
	for _, name := range []string{"message", "error", "error_description"} {
		if c[name] != "" {
			words = append(words, string(c[name]))
		}
	}
	if c["scope"] != "" {
		words = append(words, "scope: "+string(c["scope"]))
	}
	return strings.Join(words, "; ")
}

// Printable makes a server's text fit for a terminal, after the status line: what cannot be seen becomes a space, it has 300
// characters at most, and it is empty where it only repeats the status.
func Printable(status int, s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == unicode.ReplacementChar || !unicode.IsPrint(r) })
	s = strings.Join(words, " ")
	if strings.EqualFold(s, StatusLine(status)) || strings.EqualFold(s, http.StatusText(status)) {
		return ""
	}
	if runes := []rune(s); len(runes) > 300 {
		return string(runes[:300]) + "…"
	}
	return s
}

// errorKinds maps answers with an error status to kinds. The first match wins. An empty field matches anything.
var errorKinds = []struct {
	status         int
	method         string
	message, error text
	description    string // a part of GitLab's error_description
	kind           error
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

// classify reads the meaning of an answer with an error status. A missing endpoint of error tracking has two, which another
// request tells apart. Web servers answer HTTP on an HTTPS port with a text that has this word, and nginx a client without
// the certificate that it wants with a page that says so.
func (c *call) classify(ctx context.Context) error {
	a := c.answer
	body, isJSON := a.errorBody()
	switch {
	case a.status == http.StatusTooManyRequests:
		return ErrRateLimited
	case a.status == http.StatusInternalServerError && strings.Contains(c.path, "/error_tracking/client_keys"):
		return ErrClientKeysFailed
	case a.status >= 500:
		return ErrServer
	// GitLab redirects old paths, never IDs. A redirect of an ID comes from something else.
	case a.status >= 300 && a.status < 400 && projectIDIn(a.header.Get("Location")) != 0 && projectIDIn(c.path) == 0:
		return ErrProjectMoved
	case a.status >= 300 && a.status < 400:
		return ErrRedirected
	case a.status == http.StatusProxyAuthRequired:
		return ErrProxyUnauthorized
	case a.status == http.StatusBadRequest && c.client.base.Scheme == "http" && !isJSON && bytes.Contains(a.body, []byte("HTTPS")):
		return ErrTLSRequired
	case a.status == http.StatusBadRequest && !isJSON && bytes.Contains(a.body, []byte("SSL certificate")):
		return ErrClientCertificate
	case a.status == http.StatusNotFound && a.isPage():
		return ErrNoAPI
	case a.status >= 400 && !isJSON:
		return ErrNotJSON
	}
	for _, m := range errorKinds {
		if m.status == a.status && (m.method == "" || m.method == c.method) && (m.message == "" || m.message == body["message"]) &&
			(m.error == "" || m.error == body["error"]) && strings.Contains(string(body["error_description"]), m.description) {
			if errors.Is(m.kind, ErrNoSuchEndpoint) && strings.Contains(c.path, "/error_tracking/") && c.client.isRecent(ctx) {
				return ErrFeatureRemoved
			}
			return m.kind
		}
	}
	return ErrUnexpected
}

// isRecent asks GitLab whether it is of version 15.10 or newer, the first with all endpoints of error tracking. Where one of
// them is missing there, GitLab has given up error tracking. What states no version is not a GitLab that had it. The endpoint
// takes no fine-grained tokens, which GitLab has since 18.7.
//
//	GET /version
func (c *Client) isRecent(ctx context.Context) bool {
	var about struct {
		Version string `json:"version"`
	}
	_, err := c.do(ctx, http.MethodGet, "/version", nil, &about)
	var major, minor int
	_, _ = fmt.Sscanf(about.Version, "%d.%d", &major, &minor)
	return errors.Is(err, ErrMissingPermission) || major > 15 || major == 15 && minor >= 10
}

// projectAddress has the group project ID, which fits into 64 bits.
var projectAddress = regexp.MustCompile(`^[^?]*/api/v4/projects/([0-9]{1,18})$`)

// projectIDIn returns the project ID at the end of an address, as the Location of a moved project's answer has it, or 0.
func projectIDIn(address string) int64 {
	part := projectAddress.FindStringSubmatch(address)
	if part == nil {
		return 0
	}
	id, _ := strconv.ParseInt(part[1], 10, 64)
	return id
}
