package errortracking

import (
	"context"
	"errors"
	"sync"
)

// shared answers many who ask for the same thing with one fetch, and remembers a good answer until it is forgotten. An
// error is given to those who wait for it and not remembered. When the one who fetches is cancelled, another one fetches.
type shared[K comparable, V any] struct {
	fetch func(context.Context, K) (V, error)
	host  string // of GitLab, for errors

	mu      sync.Mutex
	fetches map[K]*fetched[V]
}

// fetched is one fetch, under way or ended well. Its value and error are set before done is closed.
type fetched[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// get returns the value for key, remembered or fetched.
func (s *shared[K, V]) get(ctx context.Context, key K) (V, error) {
	for {
		f, mine := s.join(key)
		if mine {
			f.value, f.err = s.fetch(ctx, key)
			if f.err != nil {
				s.drop(key, f)
			}
			close(f.done)
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			var none V
			return none, &Error{Kind: ErrInterrupted, Host: s.host, Err: ctx.Err()}
		}
		if mine || ctx.Err() != nil || !errors.Is(f.err, context.Canceled) {
			return f.value, f.err
		}
	}
}

// join returns the fetch of a key, and whether it is new, so that the caller makes it.
func (s *shared[K, V]) join(key K) (f *fetched[V], mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.fetches[key]; f != nil {
		return f, false
	}
	if s.fetches == nil {
		s.fetches = map[K]*fetched[V]{}
	}
	f = &fetched[V]{done: make(chan struct{})}
	s.fetches[key] = f
	return f, true
}

// drop forgets one fetch, but not a newer one of the same key.
func (s *shared[K, V]) drop(key K, f *fetched[V]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fetches[key] == f {
		delete(s.fetches, key)
	}
}

// forget makes the next get fetch anew. A fetch that is under way still serves those who wait for it.
func (s *shared[K, V]) forget(key K) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.fetches, key)
}
