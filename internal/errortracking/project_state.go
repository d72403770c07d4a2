package errortracking

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"
)

// projectState is what a client knows of a project. Whoever has locked it is the only one of the client to write there.
type projectState struct {
	client    *Client
	projectID int64
	lock      *semaphore.Weighted // of one; a mutex could not be given up when a context ends
	// highest is the highest key ID that is known. GitLab's IDs ascend, so a key that is made later has a higher one.
	highest int64
	// knownAt is when the request that told highest was sent. It is zero while the keys have to be read first.
	knownAt time.Time
	// failed is the error after which AddClientKey does nothing in the project.
	failed error
	// settingsSaved says that this client has saved the project's settings, or found them as wanted.
	settingsSaved bool
}

// lockProject waits until nobody else writes in the project, and returns its state, which the caller unlocks. The error is
// [ErrInterrupted] when ctx ends before: a write that has not begun is not begun then.
func (c *Client) lockProject(ctx context.Context, projectID int64) (*projectState, error) {
	entry, _ := c.projectStates.LoadOrStore(projectID, &projectState{client: c, projectID: projectID, lock: semaphore.NewWeighted(1)})
	p, _ := entry.(*projectState)
	if p.lock.Acquire(ctx, 1) != nil {
		return nil, &Error{Kind: ConnectionKind(ctx.Err()), Host: c.base.Host, Err: ctx.Err()}
	}
	return p, nil
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

// newKeys reads the project's keys and returns those with an ID above the highest that was known.
func (p *projectState) newKeys(ctx context.Context) (added []ClientKey, err error) {
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
