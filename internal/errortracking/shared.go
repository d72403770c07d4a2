package errortracking

import (
	"context"
	"sync"
)

// shared answers many who ask for the same thing with one fetch, and remembers a good answer until it is forgotten. An
// error is given to those who wait for it and not remembered. A fetch goes on as long as one of those who wait for it
// does: the cancellation of one does not fail the others.
type shared[K comparable, V any] struct {
	fetch func(context.Context, K) (V, error)
	host  string // of GitLab, for errors

	mu      sync.Mutex
	fetches map[K]*fetched[V]
}

// fetched is one fetch, under way or ended well. Its value and error are set before done is closed.
type fetched[V any] struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int
	value   V
	err     error
}

// get returns the value for key, remembered or fetched.
func (s *shared[K, V]) get(ctx context.Context, key K) (V, error) {
	f := s.join(ctx, key)
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		s.leave(key, f)
		var none V
		return none, &Error{Kind: ErrInterrupted, Host: s.host, Err: ctx.Err()}
	}
}

// forget makes the next get fetch anew. A fetch that is under way still serves those who wait for it.
func (s *shared[K, V]) forget(key K) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.fetches, key)
}

func (s *shared[K, V]) join(ctx context.Context, key K) *fetched[V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.fetches[key]; f != nil {
		f.waiting++
		return f
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &fetched[V]{done: make(chan struct{}), cancel: cancel, waiting: 1}
	if s.fetches == nil {
		s.fetches = map[K]*fetched[V]{}
	}
	s.fetches[key] = f
	go func() {
		defer cancel()
		f.value, f.err = s.fetch(ctx, key)
		if f.err != nil {
			s.mu.Lock()
			s.drop(key, f)
			s.mu.Unlock()
		}
		close(f.done)
	}()
	return f
}

// leave ends a fetch that nobody waits for any more.
func (s *shared[K, V]) leave(key K, f *fetched[V]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.waiting--
	if f.waiting == 0 {
		// Under the same lock, so that nobody joins a fetch that is being ended.
		s.drop(key, f)
		f.cancel()
	}
}

// drop forgets one fetch, but not a newer one of the same key. Its caller holds the lock.
func (s *shared[K, V]) drop(key K, f *fetched[V]) {
	if s.fetches[key] == f {
		delete(s.fetches, key)
	}
}
