package gitlabsim

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	defaultPerPage = 20
	maxPerPage     = 100
	// countLimit is the number of rows above which GitLab leaves the totals out.
	countLimit = 10_000
)

// paginate answers the page of rows that page and per_page ask for, with GitLab's headers. show turns a row into JSON; if
// it fails for one, the answer is that of a failure in GitLab's code. The rules are those of Kaminari, which GitLab uses:
// per_page above 100 is 100, 0 fails, and anything but a number is the default; page is at least 1.
func paginate[T any](i *instance, c *call, rows []T, show func(T) (any, bool)) answer {
	perPage := defaultPerPage
	if text := c.params.text("per_page"); text != "" && text[0] >= '0' && text[0] <= '9' {
		perPage = min(leadingInteger(text), maxPerPage)
	}
	if perPage == 0 {
		return serverError()
	}
	page := max(leadingInteger(c.params.text("page")), 1)
	pages := (len(rows) + perPage - 1) / perPage
	shown := []any{}
	if page <= pages {
		for _, row := range rows[(page-1)*perPage : min(page*perPage, len(rows))] {
			value, ok := show(row)
			if !ok {
				return serverError()
			}
			shown = append(shown, value)
		}
	}
	got := jsonAnswer(http.StatusOK, shown)
	i.addPagingHeaders(c, got.header, page, perPage, pages, len(rows))
	return got
}

// addPagingHeaders adds the X- headers and Link. Links go to the external URL. They carry every parameter of the call, the
// ID of its path included, and the page and per_page that GitLab used, whatever was asked.
func (i *instance) addPagingHeaders(c *call, header http.Header, page, perPage, pages, total int) {
	query := maps.Clone(c.query)
	for name, value := range c.vars {
		query.Set(name, value)
	}
	query.Set("per_page", strconv.Itoa(perPage))
	var links []string
	link := func(rel string, page int) {
		query.Set("page", strconv.Itoa(page))
		links = append(links, fmt.Sprintf(`<%s%s?%s>; rel="%s"`, i.externalURL+apiPrefix, c.path, url.Values.Encode(query), rel))
	}
	var previous, next string
	if page > 1 && page <= pages {
		previous = strconv.Itoa(page - 1)
		link("prev", page-1)
	}
	if page < pages {
		next = strconv.Itoa(page + 1)
		link("next", page+1)
	}
	link("first", 1)
	if total <= countLimit {
		pages = max(pages, 1)
		link("last", pages)
		header.Set("X-Total", strconv.Itoa(total))
		header.Set("X-Total-Pages", strconv.Itoa(pages))
	}
	header.Set("X-Per-Page", strconv.Itoa(perPage))
	header.Set("X-Page", strconv.Itoa(page))
	header.Set("X-Next-Page", next)
	header.Set("X-Prev-Page", previous)
	header.Set("Link", strings.Join(links, ", "))
}
