package httpmw

import (
	"net/http"
	"slices"

	"github.com/oncewire/idempotency/internal/outcome"
)

// outerFields are the header fields that stood in the answer before the handler
// ran. A middleware outside of this one sets them for each request, so a record
// has only what the handler did to them.
type outerFields map[string]outerField

type outerField struct {
	live   []string // whose memory the handler may write to
	values []string // a copy
}

func (s *scratch) keepOuter(header http.Header) {
	for name, values := range header {
		s.outer[name] = outerField{values, s.keepValues(values)}
	}
}

// change returns what the handler did to a field, and false when it left the
// field alone. A list that begins with all that stood there was appended to.
func (o outerFields) change(name string, values []string) (outcome.Change, bool) {
	change := outcome.Change{Name: name, Values: values}
	outer, ok := o[name]
	if !ok {
		return change, true
	}
	if !slices.Equal(outer.values, values[:min(len(outer.values), len(values))]) {
		return change, true
	}
	switch added := len(values) - len(outer.values); {
	case added == 0:
		return change, !same(outer.live, values)
	case added > 0 && len(outer.values) > 0:
		change.Kind, change.Values = outcome.Appended, values[len(outer.values):]
	}
	return change, true
}

// removed visits the fields that the handler deleted.
func (o outerFields) removed(header http.Header, visit func(name string)) {
	for name := range o {
		if _, ok := header[name]; !ok {
			visit(name)
		}
	}
}

// same reports whether the field was not set anew, which makes another slice.
func same(before, after []string) bool {
	return len(before) == 0 || &before[0] == &after[0]
}
