package errortracking

import (
	"context"
	"errors"
	"sync"
)

// cache deduplicates concurrent fetches of a key and keeps their results until forget. An error is given to those who wait
// for it, and kept only if it is the one in keeps. When the caller that fetches is cancelled, another one fetches.
type cache[K comparable, V any] struct {
	keeps   error    // the error that is remembered
	fetches sync.Map // *cacheEntry[V] by K
}

// cacheEntry is one fetch, under way or with an answer. Its value and error are set before done is closed.
type cacheEntry[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// get returns the value for key, remembered or fetched.
func (c *cache[K, V]) get(ctx context.Context, key K, fetch func(context.Context, K) (V, error)) (V, error) {
	for {
		own := &cacheEntry[V]{done: make(chan struct{})}
		entry, loaded := c.fetches.LoadOrStore(key, own)
		if !loaded {
			own.value, own.err = fetch(ctx, key)
			if own.err != nil && !errors.Is(own.err, c.keeps) {
				c.fetches.CompareAndDelete(key, own)
			}
			close(own.done)
			return own.value, own.err
		}
		other, _ := entry.(*cacheEntry[V])
		select {
		case <-other.done:
			if !errors.Is(other.err, context.Canceled) {
				return other.value, other.err
			}
		case <-ctx.Done():
			return fetch(ctx, key) // which sends nothing
		}
	}
}

// forget makes the next get fetch anew. A fetch that is under way still serves those who wait for it.
func (c *cache[K, V]) forget(key K) { c.fetches.Delete(key) }
