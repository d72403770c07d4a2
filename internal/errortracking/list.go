package errortracking

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strconv"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

const (
	// pageSize is the most that GitLab puts on a page.
	pageSize = 100
	// maxPages bounds one pass over a list, against a server that always names a next page.
	maxPages = 1000
	// maxPasses bounds how often a list is read anew when its rows contradict their number.
	maxPasses = 4
)

// list is a list of GitLab's that comes in pages.
type list[T any] struct {
	// of names the rows in errors.
	of string
	// page sends one request, and returns the rows and the header of its answer.
	page func(context.Context, gitlab.ListOptions) ([]T, http.Header, error)
	// id returns what is different for each row.
	id func(T) int64
}

// all iterates over the rows, each once, as their pages arrive. The list is whole only when the iteration ends without
// an error. The rows are counted against the number that GitLab gives, and a list that contradicts it is read again;
// when it does so to the end, the error is [ErrIncompleteList].
func (l list[T]) all(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		seen := map[int64]bool{}
		steady, total := true, 0
		for n := range maxPasses {
			pass, err := l.pass(ctx, func(row T) bool {
				if seen[l.id(row)] {
					return true
				}
				seen[l.id(row)] = true
				return yield(row, nil)
			})
			if err != nil {
				yield(none, err)
				return
			}
			steady = steady && pass.counted && !pass.shrunk && (n == 0 || pass.total >= total)
			total = pass.total
			if pass.stopped || pass.whole() || steady && len(seen) == total {
				return
			}
		}
		yield(none, &Error{Kind: ErrIncompleteList, Err: fmt.Errorf("%d readings of the %s gave %d different rows, which is not the number that GitLab states", maxPasses, l.of, len(seen))})
	}
}

// pass is what one reading of a list, from the first page to the last, found.
type pass struct {
	rows    int  // read
	unique  int  // different ones
	total   int  // rows, after GitLab's count
	counted bool // GitLab gave a count; it may leave it out above 10,000 rows
	shrunk  bool // the count went down between pages, so that a row may have moved to a page that was read before
	stopped bool // the caller wants no more
}

// whole reports whether the pass by itself is the whole list.
func (p pass) whole() bool {
	if p.counted {
		return p.unique == p.total && !p.shrunk
	}
	return p.unique == p.rows
}

// pass reads each page once and calls found with each row.
func (l list[T]) pass(ctx context.Context, found func(T) bool) (pass, error) {
	var p pass
	inPass := map[int64]bool{}
	for page := int64(1); page <= maxPages; page++ {
		rows, header, err := l.page(ctx, gitlab.ListOptions{Page: page, PerPage: pageSize})
		if err != nil {
			return p, err
		}
		before := p.unique
		for _, row := range rows {
			p.rows++
			if inPass[l.id(row)] {
				continue
			}
			inPass[l.id(row)] = true
			p.unique++
			if !found(row) {
				p.stopped = true
				return p, nil
			}
		}
		if total, err := strconv.Atoi(header.Get("X-Total")); err == nil {
			p.shrunk = p.shrunk || total < p.total
			p.total, p.counted = total, true
		}
		next, hasNext := header["X-Next-Page"]
		switch {
		case p.unique == before, p.counted && p.rows >= p.total, hasNext && next[0] == "", !hasNext && len(rows) < pageSize:
			return p, nil
		}
	}
	return p, &Error{Kind: ErrIncompleteList, Err: fmt.Errorf("the list of %s has no end after %d pages", l.of, maxPages)}
}

// pageReply is the JSON of a page; its rows are pointers.
type pageReply[R interface {
	comparable
	check() error
}] []R

func (r *pageReply[R]) check() error {
	if *r == nil {
		return errors.New("the list is null")
	}
	var null R
	for _, row := range *r {
		if row == null {
			return errors.New("a row of the list is null")
		}
		if err := row.check(); err != nil {
			return err
		}
	}
	return nil
}
