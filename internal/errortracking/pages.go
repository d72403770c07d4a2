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

// row is a row of a list, as a pointer to its JSON.
type row interface {
	comparable
	check() error
	id() int64
}

// readList returns all rows of the list at path, by ascending ID, from one pass over its pages. A pass that repeats a row
// or does not have as many as GitLab's X-Total says is thrown away and the list is read again, three times. Then the error
// is [ErrIncompleteList].
func readList[R row](ctx context.Context, c *Client, path string, query url.Values) ([]R, error) {
	var rows []R
	for range maxPasses {
		var whole bool
		var err error
		if rows, whole, err = readPass[R](ctx, c, path, query); err != nil {
			return nil, err
		}
		if whole {
			slices.SortFunc(rows, func(a, b R) int { return cmp.Compare(a.id(), b.id()) })
			return rows, nil
		}
	}
	return nil, &Error{Kind: ErrIncompleteList, Host: c.base.Host, Method: http.MethodGet, Path: c.base.EscapedPath() + "/api/v4" + path, Status: http.StatusOK,
		Err: fmt.Errorf("%d readings of the list contradict the number of rows that GitLab states", maxPasses)}
}

// readPass reads each page once and reports whether the rows are the whole list: none is repeated, and all pages say that
// there are as many as came. GitLab leaves the number out above 10,000 rows.
func readPass[R row](ctx context.Context, c *Client, path string, query url.Values) (rows []R, whole bool, err error) {
	query = maps.Clone(query)
	query.Set("per_page", strconv.Itoa(pageSize))
	seen, total, steady := map[int64]bool{}, -1, true
	for page := 1; page <= maxPages; page++ {
		query.Set("page", strconv.Itoa(page))
		var reply pageReply[R]
		header, err := c.do(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &reply)
		if err != nil {
			return nil, false, err
		}
		before := len(seen)
		for _, r := range reply {
			seen[r.id()] = true
		}
		rows = append(rows, reply...)
		if stated, err := strconv.Atoi(header.Get("X-Total")); err == nil {
			steady = steady && (total < 0 || stated == total)
			total = stated
		}
		next, hasNext := header["X-Next-Page"]
		if hasNext && next[0] == "" || !hasNext && len(reply) < pageSize || len(seen) == before || total >= 0 && len(rows) >= total {
			return rows, steady && len(seen) == len(rows) && (total < 0 || total == len(rows)), nil
		}
	}
	return nil, false, &Error{Kind: ErrIncompleteList, Host: c.base.Host, Method: http.MethodGet, Path: c.base.EscapedPath() + "/api/v4" + path, Status: http.StatusOK,
		Err: fmt.Errorf("the list has no end after %d pages", maxPages)}
}

// pageReply is the JSON of a page.
type pageReply[R row] []R

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
