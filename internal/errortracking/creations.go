package errortracking

import (
	"context"
	"errors"
	"sync"
)

// AddedClientKey is a client key that [Client.AddClientKey] made.
type AddedClientKey struct {
	ClientKey
	// LostAnswer is nil as a rule. Otherwise it is the error of a request whose answer was lost, after which the key was
	// found in the project.
	LostAnswer *Error
}

// AddClientKey makes a new client key as [Client.CreateClientKey] does, and finds the key again when the answer is lost:
// GitLab is known to make a key and then answer 500. For that the project's keys are read before this client makes its
// first one there, and again after a lost answer. The keys that nobody knows are taken when they are as many as the lost
// answers. When there is none, no key was made and the error is that of the request. Otherwise the error is
// [ErrLostAnswer]; its Candidates are the keys that may be meant.
func (c *Client) AddClientKey(ctx context.Context, projectID int64) (AddedClientKey, error) {
	return c.creationsIn(projectID).create(ctx)
}

// creations keeps account of the client keys of one project while this client makes some there. Keys are alike and have
// no name, so the only way to find the key of a lost answer is to know all others.
type creations struct {
	client    *Client
	projectID int64

	// underway is read-locked by each creation while its request is under way, and locked to look for keys whose answers
	// were lost, when no other key can be on its way.
	underway sync.RWMutex

	mu    sync.Mutex
	known map[int64]bool // the keys that were there at first, or are accounted for; nil before the first creation
	lost  []*lostAnswer
}

// lostAnswer is a creation whose answer did not come, and later what became of it.
type lostAnswer struct {
	cause   *Error
	settled bool
	key     AddedClientKey
	err     error
}

func (c *Client) creationsIn(projectID int64) *creations {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.creations == nil {
		c.creations = map[int64]*creations{}
	}
	if c.creations[projectID] == nil {
		c.creations[projectID] = &creations{client: c, projectID: projectID}
	}
	return c.creations[projectID]
}

func (p *creations) create(ctx context.Context) (AddedClientKey, error) {
	if err := p.takeStock(ctx); err != nil {
		return AddedClientKey{}, err
	}
	key, lost, err := p.post(ctx)
	if lost == nil {
		return AddedClientKey{ClientKey: key}, err
	}
	p.underway.Lock()
	defer p.underway.Unlock()
	if !lost.settled {
		ctx, cancel := afterLostAnswer(ctx)
		defer cancel()
		p.settle(ctx)
	}
	return lost.key, lost.err
}

// takeStock notes, before the first creation, which keys are there.
func (p *creations) takeStock(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		return nil
	}
	keys, err := p.client.SharedClientKeys(ctx, p.projectID)
	if err != nil {
		return err
	}
	p.known = map[int64]bool{}
	for _, key := range keys {
		p.known[key.ID] = true
	}
	return nil
}

// post sends the request. It returns the key, or an error when GitLab made none, or what is to be settled when nobody
// can tell.
func (p *creations) post(ctx context.Context) (ClientKey, *lostAnswer, error) {
	p.underway.RLock()
	defer p.underway.RUnlock()
	key, err := p.client.CreateClientKey(ctx, p.projectID)
	p.mu.Lock()
	defer p.mu.Unlock()
	var failed *Error
	switch {
	case err == nil:
		p.known[key.ID] = true
	case errors.As(err, &failed) && failed.Sent:
		lost := &lostAnswer{cause: failed}
		p.lost = append(p.lost, lost)
		return ClientKey{}, lost, nil
	}
	return key, nil, err
}

// settle decides what became of all creations whose answers were lost. No other creation is under way.
func (p *creations) settle(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	lost := p.lost
	p.lost = nil

	keys, err := p.client.SharedClientKeys(ctx, p.projectID)
	var unknown []ClientKey
	for _, key := range keys {
		if !p.known[key.ID] {
			unknown = append(unknown, key)
			p.known[key.ID] = true
		}
	}
	for i, l := range lost {
		l.settled = true
		switch {
		case err == nil && len(unknown) == 0:
			l.err = l.cause
		case err == nil && len(unknown) == len(lost):
			l.key = AddedClientKey{ClientKey: unknown[i], LostAnswer: l.cause}
		default:
			unsettled := *l.cause
			unsettled.Kind, unsettled.Candidates = ErrLostAnswer, unknown
			if err != nil {
				// Its kind is not that of the whole: the creation has another end than the list.
				unsettled.Err = errors.New("then the client keys could not be read: " + err.Error())
			}
			l.err = &unsettled
		}
	}
}
