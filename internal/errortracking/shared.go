package errortracking

import (
	"context"
	"errors"
	"sync"
)

// shared deduplicates concurrent fetches of a key and keeps their results until forget. An error is given to those who wait
// for it, and kept only if it is the one in keeps. When the caller that fetches is cancelled, another one fetches.
type shared[K comparable, V any] struct {
	fetch   func(context.Context, K) (V, error)
	keeps   error    // the error that is remembered
	host    string   // of GitLab, for errors
	fetches sync.Map // *fetched[V] by K
}

// fetched is one fetch, under way or with an answer. Its value and error are set before done is closed.
type fetched[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// get returns the value for key, remembered or fetched.
func (s *shared[K, V]) get(ctx context.Context, key K) (V, error) {
	for {
		own := &fetched[V]{done: make(chan struct{})}
		entry, loaded := s.fetches.LoadOrStore(key, own)
		if !loaded {
			own.value, own.err = s.fetch(ctx, key)
			if own.err != nil && !errors.Is(own.err, s.keeps) {
				s.fetches.CompareAndDelete(key, own)
			}
			close(own.done)
			return own.value, own.err
		}
		other, _ := entry.(*fetched[V])
		select {
		case <-other.done:
		case <-ctx.Done():
			return *new(V), interrupted(ctx, s.host)
		}
		if ctx.Err() != nil || !errors.Is(other.err, context.Canceled) {
			return other.value, other.err
		}
	}
}

// forget makes the next get fetch anew. A fetch that is under way still serves those who wait for it.
func (s *shared[K, V]) forget(key K) { s.fetches.Delete(key) }

// forgetError makes the next get fetch anew if what is remembered is an error.
func (s *shared[K, V]) forgetError(key K) {
	entry, _ := s.fetches.Load(key)
	known, ok := entry.(*fetched[V])
	if !ok {
		return
	}
	select {
	case <-known.done:
		if known.err != nil {
			s.fetches.CompareAndDelete(key, known)
		}
	default:
	}
}
