package errortracking

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// cache fetches a key once and keeps what came of it until forget: a value or an error, so that a failure is waited for once.
// Where the caller that fetches is cancelled, the next one fetches.
type cache[K comparable, V any] struct {
	entries sync.Map // *cacheEntry[V] by K
}

// cacheEntry is what is known of a key. Whoever has locked it reads or fetches it.
type cacheEntry[V any] struct {
	lock    *semaphore.Weighted // of one
	fetched bool
	value   V
	err     error
}

// get returns the value for key, remembered or fetched.
func (c *cache[K, V]) get(ctx context.Context, key K, fetch func(context.Context, K) (V, error)) (V, error) {
	found, _ := c.entries.LoadOrStore(key, &cacheEntry[V]{lock: semaphore.NewWeighted(1)})
	entry, _ := found.(*cacheEntry[V])
	if entry.lock.Acquire(ctx, 1) != nil {
		return fetch(ctx, key) // which sends nothing
	}
	defer entry.lock.Release(1)
	if !entry.fetched {
		entry.value, entry.err = fetch(ctx, key)
		entry.fetched = ctx.Err() == nil
	}
	return entry.value, entry.err
}

// forget makes the next get fetch anew. A fetch that is under way still serves those who wait for it.
func (c *cache[K, V]) forget(key K) { c.entries.Delete(key) }
