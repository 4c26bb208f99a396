package outcome

import (
	"net/textproto"
	"strings"

	"github.com/oncewire/idempotency/internal/fieldnames"
)

// RequestBound are the fields that are not stored unless the user has another list.
var RequestBound = fieldnames.RequestBound

// Filter contains the names of fields that are not stored, each in lower case and in
// canonical form.
type Filter map[string]bool

// NewFilter returns a filter for the names in requestBound and more, and for those
// that are never stored. Cookies are stored only if setCookie is true.
func NewFilter(requestBound []string, setCookie bool, more ...string) Filter {
	filter := Filter{}
	filter.add(fieldnames.NeverStored)
	filter.add(requestBound)
	filter.add(more)
	if !setCookie {
		filter.add(fieldnames.Cookies)
	}
	return filter
}

func (f Filter) add(names []string) {
	for _, name := range names {
		f[strings.ToLower(name)] = true
		f[textproto.CanonicalMIMEHeaderKey(name)] = true
	}
}

// Stores reports whether a field of this name is stored. The name may be in any case,
// because a handler can write to the map of a header directly.
func (f Filter) Stores(name string) bool {
	return !f[name] && (isLowerOrCanonical(name) || !f[strings.ToLower(name)])
}

func isLowerOrCanonical(name string) bool {
	lower, canonical, start := true, true, true
	for _, c := range []byte(name) {
		upper := c >= 'A' && c <= 'Z'
		if upper {
			lower = false
		}
		if upper != start && (upper || c >= 'a' && c <= 'z') {
			canonical = false
		}
		start = c == '-'
	}
	return lower || canonical
}
