package errortracking

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

const (
	// pageSize is the most that GitLab puts on a page.
	pageSize = 100
	// maxPages bounds one pass over a list, against a server that always names a next page.
	maxPages = 1000
	// maxPasses bounds how often a list is read when its rows contradict their number.
	maxPasses = 4
)

// readList returns all rows of the list at path, by ascending ID, from one pass over its pages. A pass with a contradiction
// is thrown away and the list is read again, three times. Then the error is [ErrIncompleteList].
func readList[R any](ctx context.Context, c *Client, path string, query url.Values, id func(R) int64) (rows []R, err error) {
	for range maxPasses {
		if rows, err = readPass(ctx, c, path, query, id); !errors.Is(err, ErrIncompleteList) {
			break
		}
	}
	slices.SortFunc(rows, func(a, b R) int { return cmp.Compare(id(a), id(b)) })
	return rows, err
}

// readPass reads each page of a list once. The error is [ErrIncompleteList] when a row is repeated, or when the pages do
// not all state the number of rows that came. GitLab states none above 10,000 rows.
func readPass[R any](ctx context.Context, c *Client, path string, query url.Values, id func(R) int64) ([]R, error) {
	query = maps.Clone(query)
	query.Set("per_page", strconv.Itoa(pageSize))
	rows, seen, totals := []R{}, map[int64]bool{}, map[string]bool{}
	for page := 1; ; page++ {
		query.Set("page", strconv.Itoa(page))
		var added []R
		call, err := c.do(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &added)
		switch {
		case err != nil:
			return nil, err
		case added == nil:
			return nil, call.failure(ErrMalformed, errors.New("the list is null"))
		}
		before := len(seen)
		for _, row := range added {
			seen[id(row)] = true
		}
		rows = append(rows, added...)
		header := call.answer.header
		totals[header.Get("X-Total")] = true
		more := len(added) == pageSize
		if next, stated := header["X-Next-Page"]; stated {
			more = next[0] != ""
		}
		if more && len(seen) > before {
			if page == maxPages {
				return nil, call.failure(ErrMalformed, fmt.Errorf("the list has no end after %d pages", maxPages))
			}
			continue
		}
		stated, err := strconv.Atoi(header.Get("X-Total"))
		if len(totals) > 1 || len(seen) != len(rows) || err == nil && stated != len(rows) {
			cause := errors.New("the pages repeat a row or contradict the number of rows that GitLab states")
			return nil, call.failure(ErrIncompleteList, cause)
		}
		return rows, nil
	}
}
