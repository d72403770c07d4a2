package errortracking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// ClientKey is a key that lets applications send errors to a project. GitLab gives keys no name.
type ClientKey struct {
	ID int64
	// Active says whether GitLab accepts errors with the key. Nothing in GitLab's REST API changes it.
	Active bool
	// PublicKey is the key itself, of the form glet_<32 hexadecimal digits>.
	PublicKey string
	// DSN is what a Sentry SDK is given. GitLab computes it from an instance setting, so it can change under a key.
	DSN string
}

// UnmarshalJSON reads GitLab's JSON of a key. It is an error if a field is missing.
func (k *ClientKey) UnmarshalJSON(data []byte) error {
	var row struct {
		ID        int64  `json:"id"`
		Active    *bool  `json:"active"`
		PublicKey string `json:"public_key"`
		SentryDSN string `json:"sentry_dsn"`
	}
	if err := json.Unmarshal(data, &row); err != nil {
		return err
	}
	if row.ID <= 0 || row.Active == nil || row.PublicKey == "" || row.SentryDSN == "" {
		return errors.New("a client key lacks id, active, public_key or sentry_dsn")
	}
	*k = ClientKey{ID: row.ID, Active: *row.Active, PublicKey: row.PublicKey, DSN: row.SentryDSN}
	return nil
}

// ClientKeys reads all client keys of a project, by ascending ID, 100 a request.
//
//	GET /projects/:id/error_tracking/client_keys
func (c *Client) ClientKeys(ctx context.Context, projectID int64) ([]ClientKey, error) {
	return readList(ctx, c, endpoint(projectID, "client_keys"), url.Values{}, func(k ClientKey) int64 { return k.ID })
}

// ClientKey returns one client key of a project. All who ask between two writes of this client to the project share one
// reading of its keys, and a second one when a key is missing from the first. The error is [ErrClientKeyNotFound] when it
// is missing from both; its Keys are those that exist.
func (c *Client) ClientKey(ctx context.Context, projectID, keyID int64) (ClientKey, error) {
	wanted := func(k ClientKey) bool { return k.ID == keyID }
	keys, err := c.keys.get(ctx, projectID)
	if err == nil && !slices.ContainsFunc(keys, wanted) {
		keys, err = c.keysAgain.get(ctx, projectID)
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
	// Unclear is nil as a rule. Otherwise it is the error of the request after which the key was found in the project.
	Unclear *Error
	// Since is when the keys were read before that request. A key that somebody made after it can be mistaken for ours.
	Since time.Time
}

// AddClientKey makes a client key in a project, or takes the one that GitLab made by itself when this client saved the
// project's settings. It works whatever the settings are. A request under way is finished when ctx is cancelled.
//
// GitLab is known to make a key and then answer 500. So the keys are read before the first creation in a project, and again
// after an unclear answer: the only new key is taken. Otherwise the error is [ErrLostAnswer]; its Keys are the new ones, and
// nothing is made in the project until its keys could be read.
//
//	POST /projects/:id/error_tracking/client_keys
func (c *Client) AddClientKey(ctx context.Context, projectID int64) (AddedClientKey, error) {
	l, err := c.hold(ctx, projectID)
	if err != nil {
		return AddedClientKey{}, err
	}
	defer l.release()
	if l.keys == nil {
		if _, err := l.newKeys(ctx); err != nil {
			return AddedClientKey{}, err
		}
	}
	if made := l.made; made != nil {
		l.made = nil
		return *made, nil
	}
	defer l.forgetShared()
	since := l.readAt
	var key ClientKey
	_, err = c.do(ctx, http.MethodPost, endpoint(projectID, "client_keys"), nil, &key)
	if err == nil {
		l.highest = max(l.highest, key.ID)
		return AddedClientKey{ClientKey: key}, nil
	}
	failed := unclear(err)
	if failed == nil {
		return AddedClientKey{}, err
	}
	keys, listErr := l.lookForKeys(ctx)
	if len(keys) == 1 {
		return AddedClientKey{ClientKey: keys[0], Unclear: failed, Since: since}, nil
	}
	l.keys = nil
	lost := *failed
	lost.Kind, lost.unclear, lost.Keys = ErrLostAnswer, failed.Kind, keys
	if listErr != nil {
		lost.Err = errors.New("then the client keys could not be read: " + listErr.Error())
	}
	return AddedClientKey{}, &lost
}

// DeleteClientKey deletes a client key of a project. From then on GitLab refuses the errors of applications that use it.
// The error is [ErrClientKeyNotFound] when the project has no such key. After an unclear answer the keys are read: if the
// key is not among them, it has been deleted.
//
//	DELETE /projects/:id/error_tracking/client_keys/:key_id
func (c *Client) DeleteClientKey(ctx context.Context, projectID, keyID int64) error {
	l, err := c.hold(ctx, projectID)
	if err != nil {
		return err
	}
	defer l.release()
	_, err = c.do(ctx, http.MethodDelete, endpoint(projectID, fmt.Sprintf("client_keys/%d", keyID)), nil, &ClientKey{})
	l.forgetShared()
	if unclear(err) != nil {
		ctx, cancel := toTheEnd(ctx)
		defer cancel()
		if _, lookErr := c.ClientKey(ctx, projectID, keyID); errors.Is(lookErr, ErrClientKeyNotFound) {
			err = nil
		}
	}
	return err
}
