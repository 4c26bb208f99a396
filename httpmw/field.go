package httpmw

import (
	"net/http"
	"strings"
)

// hasToken reports whether lists of tokens, such as the values of Connection or
// Trailer, contain the name of a field.
func hasToken(lists []string, name string) bool {
	for _, list := range lists {
		for token := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.Trim(token, " \t"), name) {
				return true
			}
		}
	}
	return false
}

// trailerName reports whether a field of the header is a trailer, and returns the
// name of that: see [http.ResponseWriter].
func trailerName(header http.Header, name string) (string, bool) {
	trailer, unannounced := strings.CutPrefix(name, http.TrailerPrefix)
	return trailer, unannounced || hasToken(header["Trailer"], name)
}

// setter sets fields that have one value each. The values share one allocation.
type setter struct {
	header http.Header
	values []string
}

func newSetter(header http.Header) setter { return setter{header, make([]string, 0, 5)} }

// set replaces the field, whose name is canonical.
func (s *setter) set(name, value string) {
	s.values = append(s.values, value)
	last := len(s.values) - 1
	s.header[name] = s.values[last : last+1 : last+1]
}
