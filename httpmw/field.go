package httpmw

import (
	"slices"
	"strings"

	"github.com/oncewire/idempotency/internal/outcome"
)

// DefaultUnstored returns a copy of the default list of [WithUnstored]: request
// ids, trace contexts, timings, rate limits, and what concerns one caller's
// client (X-Csrf-Token, Clear-Site-Data).
func DefaultUnstored() []string { return slices.Clone(outcome.RequestBound) }

// names reports whether a list of tokens, such as the values of Connection or
// Trailer, has the field's name in it.
func names(lists []string, name string) bool {
	for _, list := range lists {
		for token := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.Trim(token, " \t"), name) {
				return true
			}
		}
	}
	return false
}
