package errortracking

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
)

// fetches are those of one cache, numbered from 0. Each ends when it is told a number, or with the error of its context.
type fetches struct {
	cache cache[string, int]
	fetch func(context.Context, string) (int, error)
	ends  []chan int // of the fetches that were begun
	ended []error    // of the contexts of those that were given up
}

var (
	errFetch   = errors.New("fetch failed")
	errNotSent = fmt.Errorf("nothing was sent: %w", context.Canceled)
)

// newFetches returns fetches for one synctest bubble. A negative number makes a fetch fail.
func newFetches() *fetches {
	f := &fetches{}
	f.fetch = func(ctx context.Context, _ string) (int, error) {
		if ctx.Err() != nil {
			return 0, errNotSent
		}
		end := make(chan int)
		f.ends = append(f.ends, end)
		select {
		case number := <-end:
			if number < 0 {
				return 0, errFetch
			}
			return number, nil
		case <-ctx.Done():
			f.ended = append(f.ended, ctx.Err())
			return 0, ctx.Err()
		}
	}
	return f
}

// asked is what an asker got; done says that it got something.
type asked struct {
	value int
	err   error
	done  bool
}

// ask asks in the background.
func (f *fetches) ask(ctx context.Context, key string) *asked {
	a := &asked{}
	go func() {
		a.value, a.err = f.cache.get(ctx, key, f.fetch)
		a.done = true
	}()
	synctest.Wait()
	return a
}

// finish ends a fetch that is under way.
func (f *fetches) finish(fetch, number int) {
	f.ends[fetch] <- number
	synctest.Wait()
}

func wantAsked(t *testing.T, a *asked, value int, err error) {
	t.Helper()
	if !a.done || a.value != value || !errors.Is(a.err, err) {
		t.Errorf("got %+v, want %d and error %v", *a, value, err)
	}
}

func (f *fetches) wantBegun(t *testing.T, n int) {
	t.Helper()
	if len(f.ends) != n {
		t.Errorf("%d fetches were begun, want %d", len(f.ends), n)
	}
}

func TestCache(t *testing.T) {
	t.Parallel()

	tests := map[string]func(*testing.T, *fetches){
		"many askers, one fetch": func(t *testing.T, f *fetches) {
			var all []*asked
			for range 20 {
				all = append(all, f.ask(t.Context(), "key"))
			}
			f.finish(0, 5)
			for _, a := range append(all, f.ask(t.Context(), "key")) {
				wantAsked(t, a, 5, nil)
			}
			f.wantBegun(t, 1)
		},
		"one fetch a key": func(t *testing.T, f *fetches) {
			one := f.ask(t.Context(), "one")
			f.finish(0, 1)
			two := f.ask(t.Context(), "two")
			f.finish(1, 2)
			wantAsked(t, one, 1, nil)
			wantAsked(t, two, 2, nil)
			f.wantBegun(t, 2)
		},
		"forgotten": func(t *testing.T, f *fetches) {
			f.cache.forget("key")
			f.ask(t.Context(), "key")
			f.finish(0, 1)
			f.cache.forget("other")
			wantAsked(t, f.ask(t.Context(), "key"), 1, nil)
			f.cache.forget("key")
			again := f.ask(t.Context(), "key")
			f.finish(1, 2)
			wantAsked(t, again, 2, nil)
			f.wantBegun(t, 2)
		},
		"forgotten under way": func(t *testing.T, f *fetches) {
			before := f.ask(t.Context(), "key")
			f.cache.forget("key")
			f.finish(0, 1)
			wantAsked(t, before, 1, nil)
			after := f.ask(t.Context(), "key")
			f.finish(1, 2)
			wantAsked(t, after, 2, nil)
			wantAsked(t, f.ask(t.Context(), "key"), 2, nil)
			f.wantBegun(t, 2)
		},
		"old fetch fails after forgetting": func(t *testing.T, f *fetches) {
			before := f.ask(t.Context(), "key")
			f.cache.forget("key")
			after := f.ask(t.Context(), "key")
			f.finish(0, -1)
			wantAsked(t, before, 0, errFetch)
			next := f.ask(t.Context(), "key")
			f.finish(1, 2)
			wantAsked(t, after, 2, nil)
			wantAsked(t, next, 2, nil)
			f.wantBegun(t, 2)
		},
		"a failure is kept as a value is": func(t *testing.T, f *fetches) {
			one, two := f.ask(t.Context(), "key"), f.ask(t.Context(), "key")
			f.finish(0, -1)
			wantAsked(t, one, 0, errFetch)
			wantAsked(t, two, 0, errFetch)
			wantAsked(t, f.ask(t.Context(), "key"), 0, errFetch)
			f.wantBegun(t, 1)
			f.cache.forget("other")
			wantAsked(t, f.ask(t.Context(), "key"), 0, errFetch)
			f.cache.forget("key")
			again := f.ask(t.Context(), "key")
			f.finish(1, 5)
			wantAsked(t, again, 5, nil)
			f.wantBegun(t, 2)
		},
		"the first asker leaves": func(t *testing.T, f *fetches) {
			ctx, cancel := context.WithCancel(t.Context())
			first, second := f.ask(ctx, "key"), f.ask(t.Context(), "key")
			cancel()
			synctest.Wait()
			wantAsked(t, first, 0, context.Canceled)
			f.finish(1, 4)
			wantAsked(t, second, 4, nil)
			wantAsked(t, f.ask(t.Context(), "key"), 4, nil)
			f.wantBegun(t, 2)
		},
		"the second asker leaves": func(t *testing.T, f *fetches) {
			ctx, cancel := context.WithCancel(t.Context())
			first, second := f.ask(t.Context(), "key"), f.ask(ctx, "key")
			cancel()
			synctest.Wait()
			wantAsked(t, second, 0, errNotSent)
			f.finish(0, 4)
			wantAsked(t, first, 4, nil)
			wantAsked(t, f.ask(t.Context(), "key"), 4, nil)
			f.wantBegun(t, 1)
		},
		"all askers leave": func(t *testing.T, f *fetches) {
			ctx, cancel := context.WithCancel(t.Context())
			one, two := f.ask(ctx, "key"), f.ask(ctx, "key")
			cancel()
			synctest.Wait()
			wantAsked(t, one, 0, context.Canceled)
			wantAsked(t, two, 0, context.Canceled)
			if len(f.ended) != 1 {
				t.Errorf("%d fetches were given up, want one", len(f.ended))
			}
			next := f.ask(t.Context(), "key")
			f.finish(1, 6)
			wantAsked(t, next, 6, nil)
			f.wantBegun(t, 2)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, newFetches()) })
		})
	}
}

// TestCacheLeavingAndJoining has the only asker leave while others join: those who stay get the value.
func TestCacheLeavingAndJoining(t *testing.T) {
	t.Parallel()

	for range 1000 {
		begun, end := make(chan struct{}, 2), make(chan struct{})
		s := cache[string, int]{}
		fetch := func(ctx context.Context, _ string) (int, error) {
			begun <- struct{}{}
			select {
			case <-end:
				return 1, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			_, _ = s.get(ctx, "key", fetch)
			close(end)
		})
		<-begun
		for range 4 {
			group.Go(func() {
				if value, err := s.get(t.Context(), "key", fetch); value != 1 || err != nil {
					t.Errorf("got %d and error %v, want 1", value, err)
				}
			})
		}
		cancel()
		group.Wait()
	}
}
