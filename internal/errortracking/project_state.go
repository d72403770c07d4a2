package errortracking

import (
	"context"
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
