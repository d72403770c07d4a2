package errortracking

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// ClientKey is a key that lets applications send errors to a project. GitLab gives keys no name.
type ClientKey struct {
	ID int64 `json:"id"`
	// Active says whether GitLab accepts errors with the key. Nothing in GitLab's REST API changes it.
	Active bool `json:"active"`
	// PublicKey is the key itself, of the form glet_<32 hexadecimal digits>.
	PublicKey string `json:"public_key"`
	// DSN is what a Sentry SDK is given. GitLab computes it from an instance setting, so it can change under a key.
	DSN string `json:"sentry_dsn"`
}

// UnmarshalJSON reads GitLab's JSON of a key. It is an error if a field is missing.
func (k *ClientKey) UnmarshalJSON(data []byte) error {
	type row ClientKey
	return decodeObject(data, (*row)(k), "id", "active", "public_key", "sentry_dsn")
}

// ClientKeys reads all client keys of a project, by ascending ID, 100 a request.
//
//	GET /projects/:id/error_tracking/client_keys
func (c *Client) ClientKeys(ctx context.Context, projectID int64) ([]ClientKey, error) {
	return readList(ctx, c, errorTrackingPath(projectID, "client_keys"), url.Values{}, func(k ClientKey) int64 { return k.ID })
}

// ClientKey returns one client key of a project. All who ask between two writes of this client to the project share one
// reading of its keys, failed or not, and a second one when a key is missing from the first. The error is
// [ErrClientKeyNotFound] when it is missing from both; its Keys are those that exist.
func (c *Client) ClientKey(ctx context.Context, projectID, keyID int64) (ClientKey, error) {
	wanted := func(k ClientKey) bool { return k.ID == keyID }
	keys, err := c.keys.get(ctx, projectID, c.ClientKeys)
	if err == nil && !slices.ContainsFunc(keys, wanted) {
		keys, err = c.keysAgain.get(ctx, projectID, c.ClientKeys)
	}
	if err != nil {
		return ClientKey{}, err
	}
	at := slices.IndexFunc(keys, wanted)
	if at < 0 {
		return ClientKey{}, &Error{Kind: ErrClientKeyNotFound, Host: c.base.Host, Keys: slices.Clone(keys)}
	}
	return keys[at], nil
}

// AddedClientKey is what [Client.AddClientKey] returns.
type AddedClientKey struct {
	ClientKey
	// RecoveredFrom is nil as a rule. Otherwise it is the error of the creating request, and the key is the only new one that
	// GitLab listed after it.
	RecoveredFrom *Error
	// Since is the time after which a key that somebody else made could be mistaken for this one.
	Since time.Time
}

// AddClientKey makes a client key in a project, whatever its settings are. No interrupt ends a request under way.
//
// GitLab is known to make a key and then answer 500. So the keys are read before the first creation in a project, and again
// after an unclear response: the only new key is taken. Otherwise the error is [ErrLostAnswer]; its Keys are the new ones.
// After that, or when the keys cannot be read, the error is [ErrEarlierFailure] at once for everybody who wants a key in
// the project.
//
//	POST /projects/:id/error_tracking/client_keys
func (c *Client) AddClientKey(ctx context.Context, projectID int64) (AddedClientKey, error) {
	p, unlock := c.lockProject(projectID)
	defer unlock()
	if p.failed != nil {
		return AddedClientKey{}, &Error{Kind: ErrEarlierFailure, Host: c.base.Host, Err: p.failed}
	}
	if p.knownAt.IsZero() {
		if _, err := p.refreshKeys(ctx); err != nil {
			if ctx.Err() == nil { // else the next creation is interrupted, too
				p.failed = err
			}
			return AddedClientKey{}, err
		}
	}
	since := p.knownAt
	key, err := p.createKey(ctx)
	failed := ambiguous(err)
	if failed == nil {
		return AddedClientKey{ClientKey: key}, err
	}
	var added []ClientKey
	for range c.looks {
		if added, err = p.refreshKeys(context.WithoutCancel(ctx)); len(added) > 0 {
			break
		}
	}
	if len(added) == 1 {
		return AddedClientKey{ClientKey: added[0], RecoveredFrom: failed, Since: since}, nil
	}
	lost := *failed
	lost.Kind, lost.firstKind, lost.Keys = ErrLostAnswer, failed.Kind, added
	if err != nil {
		lost.Err = errors.New("then the client keys could not be read: " + err.Error())
	}
	p.failed = &lost
	return AddedClientKey{}, &lost
}

// DeleteClientKey deletes a client key of a project, if it has that key. From then on GitLab refuses the events of
// applications that use it.
//
//	DELETE /projects/:id/error_tracking/client_keys/:key_id
func (c *Client) DeleteClientKey(ctx context.Context, projectID, keyID int64) error {
	p, unlock := c.lockProject(projectID)
	defer unlock()
	return p.deleteKey(ctx, keyID)
}

// createKey makes a client key.
func (p *projectState) createKey(ctx context.Context) (key ClientKey, err error) {
	sentAt := time.Now()
	_, err = p.client.do(ctx, http.MethodPost, errorTrackingPath(p.projectID, "client_keys"), nil, &key)
	p.forgetKeys()
	if err == nil {
		p.highest, p.knownAt = max(p.highest, key.ID), sentAt
	}
	return key, err
}

// deleteKey deletes a client key. One that is gone, as the keys show after an unclear response, is no error.
func (p *projectState) deleteKey(ctx context.Context, keyID int64) error {
	_, err := p.client.do(ctx, http.MethodDelete, errorTrackingPath(p.projectID, fmt.Sprintf("client_keys/%d", keyID)), nil, &ClientKey{})
	p.forgetKeys()
	gone := err
	if ambiguous(err) != nil && !errors.Is(err, ErrClientKeyNotFound) {
		_, gone = p.client.ClientKey(context.WithoutCancel(ctx), p.projectID, keyID)
	}
	if errors.Is(gone, ErrClientKeyNotFound) {
		return nil
	}
	return err
}

// refreshKeys reads the project's keys anew and returns those with an ID above the highest that was known.
func (p *projectState) refreshKeys(ctx context.Context) (added []ClientKey, err error) {
	sentAt := time.Now()
	keys, err := p.client.ClientKeys(ctx, p.projectID)
	if err != nil {
		p.knownAt = time.Time{}
		return nil, err
	}
	for _, key := range keys { // by ascending ID
		if key.ID > p.highest {
			added, p.highest = append(added, key), key.ID
		}
	}
	p.knownAt = sentAt
	return added, nil
}

// forgetKeys makes the next one who asks for the project's keys read them anew.
func (p *projectState) forgetKeys() {
	p.client.keys.forget(p.projectID)
	p.client.keysAgain.forget(p.projectID)
}
