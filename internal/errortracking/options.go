package errortracking

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"
)

// The defaults of [Options], and the bound of one.
const (
	DefaultBaseURL = "https://gitlab.com"
	DefaultRetries = 5
	// MaxRetries is the most that a user may ask for. It bounds the provider's argument.
	MaxRetries = 100
	// GitLab itself ends a request after 60 seconds. A key that it makes until then is seen when the keys are read after a
	// lost answer.
	defaultTimeout = 65 * time.Second
)

// Options say which GitLab a [Client] talks to, and how.
type Options struct {
	// Token is a personal, project, group or OAuth access token with the scope api (read_api is enough for reading).
	Token string
	// BaseURL is the address of GitLab, with or without /api/v4 and a closing slash; it may have a path, for a GitLab
	// below a relative root. Empty means [DefaultBaseURL].
	BaseURL string
	// CACertFile names a PEM file of additional CA certificates to trust.
	CACertFile string
	// Insecure turns off the check of GitLab's certificate.
	Insecure bool
	// ClientCert and ClientKey name PEM files, given together, for a GitLab that asks its clients for a certificate.
	ClientCert, ClientKey string
	// Headers are sent with every request.
	Headers map[string]string
	// Retries is how often a request may be repeated after its first try; nil means [DefaultRetries], and
	// [MaxRetries] is the most.
	Retries *int64
	// UserAgent is sent with every request.
	UserAgent string
	// Timeout bounds one attempt at a request; zero means 65 seconds.
	Timeout time.Duration
	// Pause is given each time to wait and returns the time that is waited; nil waits as given. It is there for tests.
	Pause func(time.Duration) time.Duration
	// Log, if not nil, is called after each attempt at a request, with the context of the request. The fields are method, path
	// (as GitLab documents it, with :id for what differs), attempt (1 for the first), status (0 without an answer) and
	// duration_ms, and where there is one request_id (GitLab's own) and failure (why there was no answer). None has a secret.
	Log func(ctx context.Context, fields map[string]any)
}

var (
	// authenticationHeaders are the headers in which GitLab looks for a token.
	authenticationHeaders = []string{"Authorization", "Private-Token", "Job-Token"}
	// ownHeaders are those that a request has by itself. With an Idempotency-Key net/http would repeat a POST.
	ownHeaders = []string{"Accept", "Accept-Encoding", "Connection", "Content-Length", "Content-Type", "Host", "Idempotency-Key",
		"Transfer-Encoding", "User-Agent", "X-Idempotency-Key"}
)

// validate refuses what cannot be sent, before a request fails with an error that names no option.
func (o Options) validate() error {
	switch {
	case o.Token == "":
		return &OptionError{"token", "it is empty"}
	case unseen(o.Token) != "":
		return &OptionError{"token", "it contains " + unseen(o.Token) + "; remove it, for example with trimspace"}
	}
	spelled := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(o.Headers)) {
		canonical := http.CanonicalHeaderKey(name)
		switch other := spelled[canonical]; {
		case !httpguts.ValidHeaderFieldName(name):
			return &OptionError{"headers", fmt.Sprintf("%q is not a valid header name", name)}
		case slices.Contains(authenticationHeaders, canonical):
			return &OptionError{"headers", name + " is set by the token argument and cannot be overridden"}
		case slices.Contains(ownHeaders, canonical):
			return &OptionError{"headers", name + " is set by the provider and cannot be overridden"}
		case other != "":
			return &OptionError{"headers", other + " and " + name + " are one header"}
		case strings.ContainsFunc(o.Headers[name], unicode.IsControl):
			return &OptionError{"headers", "the value of " + name + " contains a line break or another control character"}
		}
		spelled[canonical] = name
	}
	return nil
}

// unseen names the first character of a text that one does not see, or is empty if there is none.
func unseen(s string) string {
	at := strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	if at < 0 {
		return ""
	}
	switch r, _ := utf8.DecodeRuneInString(s[at:]); r {
	case ' ':
		return "a space"
	case '\n', '\r':
		return "a line break"
	case '\ufeff':
		return "a byte order mark"
	default:
		return "an invisible character"
	}
}

// shortestSecret is the length of the shortest value that is searched for in messages. Shorter ones occur by chance: a
// header with the value 1 would hide parts of every path.
const shortestSecret = 8

// maskSecrets returns what takes the token and the values of the custom headers out of a text, a longer one before one
// that it begins with.
func maskSecrets(o Options) *strings.Replacer {
	masks := map[string]string{o.Token: "(token)"}
	for name, value := range o.Headers {
		masks[value] = "(value of header " + name + ")"
	}
	var pairs []string
	for _, secret := range slices.Backward(slices.Sorted(maps.Keys(masks))) {
		if len(secret) >= shortestSecret {
			pairs = append(pairs, secret, masks[secret])
		}
	}
	return strings.NewReplacer(pairs...)
}

// parseBaseURL returns the root of GitLab that a user's base_url means, without /api/v4 and closing slash.
func parseBaseURL(s string) (*url.URL, error) {
	u, err := url.Parse(cmp.Or(s, DefaultBaseURL))
	problem := ""
	switch {
	case err != nil:
		// The text of a parse error repeats the whole URL, and with it a password that may be inside.
		problem = "it is not a URL"
	case u.User != nil:
		problem = "it contains a user name or password"
	case u.Scheme != "http" && u.Scheme != "https":
		problem = "it does not start with https:// or http://"
	case u.Hostname() == "":
		problem = "it has no host"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		problem = "it has a query or a fragment"
	}
	if problem != "" {
		problem += "; it should look like " + DefaultBaseURL + " or https://gitlab.example.com/gitlab"
		return nil, &OptionError{"base_url", problem}
	}
	path := strings.TrimRight(strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/api/v4"), "/")
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}, nil
}
