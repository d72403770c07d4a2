package errortracking

import (
	"context"
	"errors"
	"slices"
	"time"
)

// ledger is what this run knows of one project. Whoever holds it is the only one to write there, so that each new key has
// one cause.
type ledger struct {
	client    *Client
	projectID int64
	// held is full while somebody holds the ledger.
	held chan struct{}
	// read says that known holds the project's keys; false before the first look, and after an answer that left open
	// whether there is a key more.
	read  bool
	known []ClientKey
	// readAt is when the request of the last reading was sent.
	readAt time.Time
	// highest is the highest key ID ever seen here. GitLab's IDs come from one ascending sequence, so a key that is made
	// later has a higher one.
	highest int64
	// handOut are keys that GitLab made by itself when this run saved settings. New client keys take them first.
	handOut []AddedClientKey
	// expected is not nil when GitLab may have made a key by itself since the last reading. It says what is known of it.
	expected *AddedClientKey
	// settingsSaved says that this run has saved the project's settings, or found them as wanted.
	settingsSaved bool
}

// hold waits until nobody else writes in the project, and returns its ledger. The caller releases it. The error is
// [ErrInterrupted] when ctx ends before: a write that has not begun is not begun then.
func (c *Client) hold(ctx context.Context, projectID int64) (*ledger, error) {
	c.mu.Lock()
	l := c.ledgers[projectID]
	if l == nil {
		l = &ledger{client: c, projectID: projectID, held: make(chan struct{}, 1)}
		c.ledgers[projectID] = l
	}
	c.mu.Unlock()
	select {
	case l.held <- struct{}{}:
	case <-ctx.Done():
		return nil, c.interrupted(ctx)
	}
	if ctx.Err() != nil {
		l.release()
		return nil, c.interrupted(ctx)
	}
	return l, nil
}

func (l *ledger) release() { <-l.held }

// forgetShared makes the next one who asks for the project's keys read them anew.
func (l *ledger) forgetShared() {
	l.client.keys.forget(l.projectID)
	l.client.keysAgain.forget(l.projectID)
}

// readKeys reads the project's keys unless they are known.
func (l *ledger) readKeys(ctx context.Context) error {
	if l.read {
		return nil
	}
	_, err := l.newKeys(ctx)
	return err
}

// newKeys reads the project's keys and returns those that are unknown and younger than all known ones. Then all are known.
// If GitLab may have made a key by itself, the only new one is kept to be handed out. Several are not all GitLab's.
func (l *ledger) newKeys(ctx context.Context) ([]ClientKey, error) {
	at := time.Now()
	keys, err := l.client.ClientKeys(ctx, l.projectID)
	if err != nil {
		l.read = false
		return nil, err
	}
	before := l.highest
	l.known, l.read, l.readAt = keys, true, at
	var added []ClientKey
	for _, key := range keys {
		l.highest = max(l.highest, key.ID)
		if key.ID > before {
			added = append(added, key)
		}
	}
	if l.expected != nil && len(added) == 1 {
		l.expected.ClientKey = added[0]
		l.handOut = append(l.handOut, *l.expected)
	}
	l.expected = nil
	return added, nil
}

// hasActiveKey reports whether one of the known keys is active.
func (l *ledger) hasActiveKey() bool {
	return slices.ContainsFunc(l.known, func(k ClientKey) bool { return k.Active })
}

// add notes a key that this run made.
func (l *ledger) add(key ClientKey) {
	l.known = append(l.known, key)
	l.highest = max(l.highest, key.ID)
}

// drop notes that a key is gone.
func (l *ledger) drop(keyID int64) {
	l.known = slices.DeleteFunc(l.known, func(k ClientKey) bool { return k.ID == keyID })
	l.handOut = slices.DeleteFunc(l.handOut, func(k AddedClientKey) bool { return k.ID == keyID })
}

// looksAfter are the waits before each look for a key that an unclear answer may have made. GitLab can commit its work
// after a proxy has given up on the answer.
var looksAfter = []time.Duration{0, time.Second, 3 * time.Second}

// lookForKeys reads the project's keys until a new one shows or the looks are used up. No interrupt ends it.
func (l *ledger) lookForKeys(ctx context.Context) (keys []ClientKey, err error) {
	ctx, cancel := toTheEnd(ctx)
	defer cancel()
	for _, wait := range looksAfter {
		if wait > 0 {
			l.client.wait(ctx, wait)
		}
		if keys, err = l.newKeys(ctx); len(keys) > 0 {
			return keys, nil
		}
	}
	return nil, err
}

// isUnclear reports whether err leaves open if GitLab has done what it was asked for.
func isUnclear(err error) bool {
	var failed *Error
	return errors.As(err, &failed) && failed.Sent && !errors.Is(failed.Kind, ErrNotApplied)
}

// toTheEnd returns a context for looking at what became of a request, which no interrupt ends.
func toTheEnd(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
}
