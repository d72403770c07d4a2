package provider

import (
	"regexp"
	"strings"
)

// says matches an engine's output that has the given texts in their order, whatever it does to their line breaks.
func says(texts ...string) *regexp.Regexp {
	var parts []string
	for _, text := range texts {
		var words []string
		for word := range strings.FieldsSeq(text) {
			words = append(words, regexp.QuoteMeta(word))
		}
		parts = append(parts, strings.Join(words, `[\s│|]+`))
	}
	return regexp.MustCompile(`(?s)` + strings.Join(parts, `.*`))
}
