package httpmw

import (
	"net/http"
	"slices"

	"github.com/oncewire/idempotency/internal/outcome"
)

// outerFields are the header fields that the answer had before the handler ran.
// An outer middleware sets them anew for each request, so a record contains only
// what the handler did to them. There are few, if any, so they are a list.
type outerFields []outerField

type outerField struct {
	name   string
	live   []string // may be changed by the handler
	values []string // a copy
}

// find returns the field of the name, or nil.
func (o outerFields) find(name string) *outerField {
	for i := range o {
		if o[i].name == name {
			return &o[i]
		}
	}
	return nil
}

// change returns what the handler did to a field, and false if the handler did
// not change it. Values after all those that were there before were appended.
func (o outerFields) change(name string, values []string) (outcome.Change, bool) {
	change := outcome.Change{Name: name, Values: values}
	outer := o.find(name)
	if outer == nil {
		return change, true
	}
	if !slices.Equal(outer.values, values[:min(len(outer.values), len(values))]) {
		return change, true
	}
	switch added := len(values) - len(outer.values); {
	case added == 0:
		return change, !sameSlice(outer.live, values)
	case added > 0 && len(outer.values) > 0:
		change.Kind, change.Values = outcome.Appended, values[len(outer.values):]
	}
	return change, true
}

// removed visits the fields that the handler deleted.
func (o outerFields) removed(header http.Header, visit func(name string)) {
	for i := range o {
		if _, ok := header[o[i].name]; !ok {
			visit(o[i].name)
		}
	}
}

// sameSlice returns false if the field was set again: that makes a new slice.
func sameSlice(before, after []string) bool {
	return len(before) == 0 || &before[0] == &after[0]
}
