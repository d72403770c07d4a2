package errortracking

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

// ClientKey is a key that lets applications send errors to a project. GitLab gives keys no name.
type ClientKey struct {
	ID int64
	// Active tells whether GitLab accepts errors with the key. Nothing in GitLab's REST API changes it.
	Active bool
	// PublicKey is the key itself, of the form glet_<32 hexadecimal digits>.
	PublicKey string
	// DSN is the address that a Sentry SDK is given. GitLab computes it on each read from an instance setting, so it can
	// change under an unchanged key.
	DSN string
}

// CreateClientKey makes a new client key in a project. It works whatever the project's settings are. A request that is
// under way is finished when ctx is cancelled. When the error's Sent is true, GitLab may have made a key all the same.
//
//	POST /projects/:id/error_tracking/client_keys
func (c *Client) CreateClientKey(ctx context.Context, projectID int64) (ClientKey, error) {
	defer c.forgetKeys(projectID)
	var reply clientKeyReply
	_, err := c.do(ctx, &reply, func(o gitlab.RequestOptionFunc) error {
		_, _, err := c.api.ErrorTracking.CreateClientKey(projectID, o)
		return err
	})
	if err != nil {
		return ClientKey{}, err
	}
	return reply.key(), nil
}

// DeleteClientKey deletes a client key of a project. From then on GitLab refuses the errors of applications that use it.
// The error is [ErrClientKeyNotFound] when the project has no such key. When the answer is lost, the keys are read: if the
// key is not among them, it has been deleted.
//
//	DELETE /projects/:id/error_tracking/client_keys/:key_id
func (c *Client) DeleteClientKey(ctx context.Context, projectID, keyID int64) error {
	_, err := c.do(ctx, &clientKeyReply{}, func(o gitlab.RequestOptionFunc) error {
		_, err := c.api.ErrorTracking.DeleteClientKey(projectID, keyID, o)
		return err
	})
	c.forgetKeys(projectID)
	if !answerLost(err) {
		return err
	}
	ctx, cancel := afterLostAnswer(ctx)
	defer cancel()
	keys, listErr := c.ClientKeysWith(ctx, projectID, keyID)
	if listErr == nil && !slices.ContainsFunc(keys, func(k ClientKey) bool { return k.ID == keyID }) {
		return nil
	}
	return err
}

// forgetKeys makes the next one who asks for a project's keys read them anew.
func (c *Client) forgetKeys(projectID int64) {
	c.keys.forget(projectID)
	c.keysAgain.forget(projectID)
}

// SharedClientKeys returns all client keys of a project, by ascending ID, from one reading of the list that everybody
// shares who asks for it between two writes of this client to the project.
func (c *Client) SharedClientKeys(ctx context.Context, projectID int64) ([]ClientKey, error) {
	keys, err := c.keys.get(ctx, projectID)
	return slices.Clone(keys), err
}

// ClientKeysWith returns what [Client.SharedClientKeys] does, for a caller who expects a certain key to be there. When a
// list of several pages lacks the key, the list is read a second time, which is shared too: a key that is deleted while
// another is made between the reading of two pages moves the next ones to a page that was read before, and leaves the
// number of rows as it was.
func (c *Client) ClientKeysWith(ctx context.Context, projectID, keyID int64) ([]ClientKey, error) {
	keys, err := c.SharedClientKeys(ctx, projectID)
	if len(keys) <= pageSize || slices.ContainsFunc(keys, func(k ClientKey) bool { return k.ID == keyID }) {
		return keys, err
	}
	keys, err = c.keysAgain.get(ctx, projectID)
	return slices.Clone(keys), err
}

func (c *Client) allClientKeys(ctx context.Context, projectID int64) ([]ClientKey, error) {
	var keys []ClientKey
	for key, err := range c.ClientKeys(ctx, projectID) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b ClientKey) int { return cmp.Compare(a.ID, b.ID) })
	return keys, nil
}

// ClientKeys iterates over the client keys of a project, each once, as their pages arrive, 100 keys a request. The list
// is whole only when the iteration ends without an error.
//
// GitLab's query has no order, so that pages may overlap and miss rows. When they do so to the end, the error is
// [ErrIncompleteList].
//
//	GET /projects/:id/error_tracking/client_keys
func (c *Client) ClientKeys(ctx context.Context, projectID int64) iter.Seq2[ClientKey, error] {
	return list[ClientKey]{
		of: "client keys",
		id: func(k ClientKey) int64 { return k.ID },
		page: func(ctx context.Context, options gitlab.ListOptions) ([]ClientKey, http.Header, error) {
			var reply pageReply[*clientKeyReply]
			header, err := c.do(ctx, &reply, func(o gitlab.RequestOptionFunc) error {
				_, _, err := c.api.ErrorTracking.ListClientKeys(projectID, &gitlab.ListClientKeysOptions{ListOptions: options}, o)
				return err
			})
			if err != nil {
				return nil, nil, err
			}
			keys := make([]ClientKey, len(reply))
			for i, row := range reply {
				keys[i] = row.key()
			}
			return keys, header, nil
		},
	}.all(ctx)
}

// clientKeyReply is the JSON of a client key.
type clientKeyReply struct {
	ID        int64  `json:"id"`
	Active    *bool  `json:"active"`
	PublicKey string `json:"public_key"`
	SentryDSN string `json:"sentry_dsn"`
}

func (r *clientKeyReply) key() ClientKey {
	return ClientKey{ID: r.ID, Active: r.Active != nil && *r.Active, PublicKey: r.PublicKey, DSN: r.SentryDSN}
}

func (r *clientKeyReply) check() error {
	switch {
	case r.ID <= 0:
		return fmt.Errorf("the client key's id %d is not positive", r.ID)
	case r.Active == nil:
		return errors.New("the client key's active is missing")
	case r.PublicKey == "":
		return errors.New("the client key's public_key is missing")
	case r.SentryDSN == "":
		return errors.New("the client key's sentry_dsn is missing")
	}
	return nil
}
