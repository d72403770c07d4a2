package gitlabsim

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// clientKeyJSON is a client key in GitLab's answers.
type clientKeyJSON struct {
	ID        int64  `json:"id"`
	Active    bool   `json:"active"`
	PublicKey string `json:"public_key"`
	SentryDSN string `json:"sentry_dsn"`
}

// clientKeyJSON returns a key's JSON. It fails where the DSN cannot be made.
func (i *instance) clientKeyJSON(p *project, key ClientKey) (clientKeyJSON, bool) {
	dsn, ok := i.dsn(p.id, key.PublicKey)
	return clientKeyJSON{ID: key.ID, Active: !key.Inactive, PublicKey: key.PublicKey, SentryDSN: dsn}, ok
}

// clientKeyAnswer answers one key. What was done to it stays done when the DSN cannot be made.
func (i *instance) clientKeyAnswer(status int, p *project, key ClientKey) answer {
	shown, ok := i.clientKeyJSON(p, key)
	if !ok {
		return serverError()
	}
	return jsonAnswer(status, shown)
}

// listKeys answers GET. Inactive keys are listed as well; order and sorting parameters do nothing.
func (i *instance) listKeys(c *call) answer {
	return paginate(i, c, c.project.keys, func(key ClientKey) (any, bool) { return i.clientKeyJSON(c.project, key) })
}

// postKey answers POST, which takes no input, has no limit, and needs neither settings nor flag.
func (i *instance) postKey(c *call) answer {
	return i.clientKeyAnswer(http.StatusCreated, c.project, i.createKey(c.project))
}

// strictKeyIDs is the first GitLab version that refuses key IDs that are no integers.
var strictKeyIDs = version{19, 1}

// deleteKey answers DELETE with the key that was deleted. Before [strictKeyIDs] GitLab took the number a text begins with
// for the ID.
func (i *instance) deleteKey(c *call) answer {
	id, err := strconv.ParseInt(c.vars["key_id"], 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		if !i.version.before(strictKeyIDs) {
			return parameterError(http.StatusBadRequest, "key_id is invalid")
		}
		id = int64(leadingInteger(c.vars["key_id"]))
	}
	n := slices.IndexFunc(c.project.keys, func(key ClientKey) bool { return key.ID == id })
	if n < 0 {
		return message(http.StatusNotFound, "404 Not found")
	}
	key := c.project.keys[n]
	c.project.keys = slices.Delete(c.project.keys, n, n+1)
	return i.clientKeyAnswer(http.StatusOK, c.project, key)
}

// dsn makes the DSN of a key from the instance setting, whose path does not count and whose port is always printed. It
// fails where the setting is not an http or https URL.
func (i *instance) dsn(project int64, publicKey string) (string, bool) {
	base := i.dsnBaseURL
	if base == "" {
		base = "http://localhost:8080"
	}
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" {
		return "", false
	}
	port, known := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	if !known {
		return "", false
	}
	if u.Port() != "" {
		port = u.Port()
	}
	return fmt.Sprintf("%s://%s@%s%s/%d", u.Scheme, publicKey, net.JoinHostPort(u.Hostname(), port), dsnPath, project), true
}
