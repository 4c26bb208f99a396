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
			if strings.EqualFold(trimBlanks(token), name) {
				return true
			}
		}
	}
	return false
}

// trimBlanks removes spaces and tabs around a text, in a fifth of the time that
// strings.Trim takes.
func trimBlanks[T string | []byte](text T) T {
	for len(text) > 0 && isBlank(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && isBlank(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// trailerName reports whether a field of the header is a trailer, and returns the
// name of that: see [http.ResponseWriter]. The trailers that are announced are the
// values of the field Trailer.
func trailerName(announced []string, name string) (string, bool) {
	trailer, unannounced := strings.CutPrefix(name, http.TrailerPrefix)
	return trailer, unannounced || hasToken(announced, name)
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

// setOrDelete deletes the field if the value is empty.
func (s *setter) setOrDelete(name, value string) {
	if value == "" {
		delete(s.header, name)
	} else {
		s.set(name, value)
	}
}
