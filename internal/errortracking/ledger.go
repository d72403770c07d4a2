package errortracking

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/semaphore"
)

// ledger is what this run knows of one project. Whoever holds it is the only one to write there, so that each new key has
// one cause.
type ledger struct {
	client    *Client
	projectID int64
	// held is taken by who holds the ledger.
	held *semaphore.Weighted
	// keys are those of the last reading; nil before the first one, and after an answer that left open whether there is
	// another key.
	keys []ClientKey
	// readAt is when the request of the last reading was sent.
	readAt time.Time
	// highest is the highest key ID ever seen here. GitLab's IDs ascend, so a key that is made later has a higher one.
	highest int64
	// made is the key that GitLab made when this run saved settings, until it is handed out. Its ID is 0 until it is found.
	made *AddedClientKey
	// settingsSaved says that this run has saved the project's settings, or found them as wanted.
	settingsSaved bool
}

// hold waits until nobody else writes in the project, and returns its ledger. The caller releases it. The error is
// [ErrInterrupted] when ctx ends before: a write that has not begun is not begun then.
func (c *Client) hold(ctx context.Context, projectID int64) (*ledger, error) {
	entry, _ := c.ledgers.LoadOrStore(projectID, &ledger{client: c, projectID: projectID, held: semaphore.NewWeighted(1)})
	l, _ := entry.(*ledger)
	if l.held.Acquire(ctx, 1) != nil {
		return nil, interrupted(ctx, c.base.Host)
	}
	return l, nil
}

func (l *ledger) release() { l.held.Release(1) }

// forgetShared makes the next one who asks for the project's keys read them anew.
func (l *ledger) forgetShared() {
	l.client.keys.forget(l.projectID)
	l.client.keysAgain.forget(l.projectID)
}

// newKeys reads the project's keys and returns those that are younger than all seen before. If GitLab may have made a key by
// itself, it is the only new one. Of several, some are somebody else's, so none is taken.
func (l *ledger) newKeys(ctx context.Context) (added []ClientKey, err error) {
	at := time.Now()
	if l.keys, err = l.client.ClientKeys(ctx, l.projectID); err != nil {
		return nil, err
	}
	before := l.highest
	l.readAt = at
	for _, key := range l.keys {
		l.highest = max(l.highest, key.ID)
		if key.ID > before {
			added = append(added, key)
		}
	}
	switch {
	case l.made == nil || l.made.ID != 0:
	case len(added) == 1:
		l.made.ClientKey = added[0]
	default:
		l.made = nil
	}
	return added, nil
}

// looksAfter are the waits before each look for a lost key. GitLab can commit its work after a proxy has given up.
var looksAfter = []time.Duration{0, time.Second, 3 * time.Second}

// lookForKeys reads the project's keys until a new one shows or the looks are used up. No interrupt ends it.
func (l *ledger) lookForKeys(ctx context.Context) (keys []ClientKey, err error) {
	ctx, cancel := toTheEnd(ctx)
	defer cancel()
	for _, wait := range looksAfter {
		if wait > 0 {
			time.Sleep(l.client.pause(wait))
		}
		if keys, err = l.newKeys(ctx); len(keys) > 0 {
			return keys, nil
		}
	}
	return nil, err
}

// unclear returns the error of a request that leaves open whether GitLab has done what it was asked for, else nil.
func unclear(err error) *Error {
	failed, ok := errors.AsType[*Error](err)
	if !ok || !failed.Sent || errors.Is(failed.Kind, ErrNotApplied) {
		return nil
	}
	return failed
}

// toTheEnd returns a context for looking at what became of a request, which no interrupt ends.
func toTheEnd(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
}
