package errortracking

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// ClientKey is a key that lets applications send errors to a project. GitLab gives keys no name.
type ClientKey struct {
	ID int64
	// Active says whether GitLab accepts errors with the key. Nothing in GitLab's REST API changes it.
	Active bool
	// PublicKey is the key itself, of the form glet_<32 hexadecimal digits>.
	PublicKey string
	// DSN is the address that a Sentry SDK is given. GitLab computes it on each read from an instance setting, so it can
	// change under an unchanged key.
	DSN string
}

// ClientKeys reads all client keys of a project, by ascending ID, 100 a request.
//
//	GET /projects/:id/error_tracking/client_keys
func (c *Client) ClientKeys(ctx context.Context, projectID int64) ([]ClientKey, error) {
	rows, err := readList[*clientKeyReply](ctx, c, clientKeysPath(projectID), url.Values{})
	if err != nil {
		return nil, err
	}
	keys := make([]ClientKey, len(rows))
	for i, row := range rows {
		keys[i] = row.key()
	}
	return keys, nil
}

// ClientKey returns one client key of a project. All who ask between two writes of this client to the project share one
// reading of its keys, and a second one when a key is missing from the first. The error is [ErrClientKeyNotFound] when it
// is missing from both; its Keys are those that exist.
func (c *Client) ClientKey(ctx context.Context, projectID, keyID int64) (ClientKey, error) {
	for _, reading := range []*shared[int64, []ClientKey]{&c.keys, &c.keysAgain} {
		keys, err := reading.get(ctx, projectID)
		if err != nil {
			return ClientKey{}, err
		}
		if at := slices.IndexFunc(keys, func(k ClientKey) bool { return k.ID == keyID }); at >= 0 {
			return keys[at], nil
		}
		if reading == &c.keysAgain {
			return ClientKey{}, &Error{Kind: ErrClientKeyNotFound, Host: c.base.Host, Keys: slices.Clone(keys)}
		}
	}
	panic("unreachable")
}

// AddedClientKey is what [Client.AddClientKey] returns.
type AddedClientKey struct {
	ClientKey
	// Unclear is nil as a rule. Otherwise it is the error of the request after which the key was found in the project.
	Unclear *Error
	// Since is when the keys were read before that request. Only a key that somebody else made after it can be mistaken for
	// ours.
	Since time.Time
}

// AddClientKey makes a client key in a project, or takes the one that GitLab made by itself when this client saved the
// project's settings. It works whatever the settings are. A request under way is finished when ctx is cancelled.
//
// GitLab is known to make a key and then answer 500. So the keys are read before the first creation in a project, and
// again after an unclear answer: the only new key is taken. Otherwise the error is [ErrLostAnswer] with
// the answer to the request; its Keys are the new ones. After it nothing is made in the project until its keys could be read.
//
//	POST /projects/:id/error_tracking/client_keys
func (c *Client) AddClientKey(ctx context.Context, projectID int64) (AddedClientKey, error) {
	l, err := c.hold(ctx, projectID)
	if err != nil {
		return AddedClientKey{}, err
	}
	defer l.release()
	if err := l.readKeys(ctx); err != nil {
		return AddedClientKey{}, err
	}
	if len(l.handOut) > 0 {
		key := l.handOut[0]
		l.handOut = l.handOut[1:]
		return key, nil
	}
	defer l.forgetShared()
	since := l.readAt
	var reply clientKeyReply
	_, err = c.do(ctx, http.MethodPost, clientKeysPath(projectID), nil, &reply)
	if err == nil {
		l.add(reply.key())
		return AddedClientKey{ClientKey: reply.key()}, nil
	}
	var failed *Error
	if !isUnclear(err) || !errors.As(err, &failed) {
		return AddedClientKey{}, err
	}
	keys, listErr := l.lookForKeys(ctx)
	if len(keys) == 1 {
		return AddedClientKey{ClientKey: keys[0], Unclear: failed, Since: since}, nil
	}
	l.read = false
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
	defer l.forgetShared()
	_, err = c.do(ctx, http.MethodDelete, clientKeysPath(projectID)+"/"+strconv.FormatInt(keyID, 10), nil, &clientKeyReply{})
	if err != nil && isUnclear(err) {
		l.forgetShared()
		ctx, cancel := toTheEnd(ctx)
		defer cancel()
		if _, lookErr := c.ClientKey(ctx, projectID, keyID); errors.Is(lookErr, ErrClientKeyNotFound) {
			err = nil
		}
	}
	if err == nil || errors.Is(err, ErrClientKeyNotFound) {
		l.drop(keyID)
	}
	return err
}

func clientKeysPath(projectID int64) string {
	return "/projects/" + strconv.FormatInt(projectID, 10) + "/error_tracking/client_keys"
}

// clientKeyReply is the JSON of a client key.
type clientKeyReply struct {
	ID        int64  `json:"id"`
	Active    *bool  `json:"active"`
	PublicKey string `json:"public_key"`
	SentryDSN string `json:"sentry_dsn"`
}

func (r *clientKeyReply) id() int64 { return r.ID }

func (r *clientKeyReply) key() ClientKey {
	return ClientKey{ID: r.ID, Active: *r.Active, PublicKey: r.PublicKey, DSN: r.SentryDSN}
}

func (r *clientKeyReply) check() error {
	if r.ID <= 0 || r.Active == nil || r.PublicKey == "" || r.SentryDSN == "" {
		return errors.New("a client key lacks id, active, public_key or sentry_dsn")
	}
	return nil
}
