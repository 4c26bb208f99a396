package httpmw

import (
	"net/http"
	"slices"
	"strings"

	"github.com/oncewire/idempotency/internal/outcome"
)

// record is what is stored of an answer. It is collected in buffers while the
// handler writes.
type record struct {
	filter  outcome.Filter
	buffers *buffers // nil if the answer is not recorded, or no longer
	limit   int64    // of the body, in bytes
}

// newRecord begins the record of an answer with the fields that outer middlewares
// set before the handler runs.
func newRecord(filter outcome.Filter, buffers *buffers, limit int64, outer http.Header) record {
	for name, values := range outer {
		buffers.outer = append(buffers.outer, outerField{name, values, buffers.copyValues(values)})
	}
	return record{filter: filter, buffers: buffers, limit: limit}
}

func (r *record) active() bool { return r.buffers != nil }

// drop ends the record: the answer cannot be stored, or the handler has returned.
func (r *record) drop() { r.buffers = nil }

// addHeader copies what the handler did to the header.
func (r *record) addHeader(header http.Header, bodiless bool) {
	r.buffers.header = r.changes(header, bodiless)
}

// changes returns what the handler did to the header, in the order of the names, in
// the buffer for that. Content-Length is stored only where the answer has no body that
// has this length.
func (r *record) changes(header http.Header, bodiless bool) []outcome.Change {
	b := r.buffers
	changes := b.header[:0]
	connection := header["Connection"]
	for name, values := range header {
		change, changed := b.outer.change(name, values)
		if !changed || !r.stores(name, bodiless) || strings.HasPrefix(name, http.TrailerPrefix) || hasToken(connection, name) {
			continue
		}
		change.Values = b.copyValues(change.Values)
		changes = append(changes, change)
	}
	b.outer.removed(header, func(name string) {
		if !strings.HasPrefix(name, http.TrailerPrefix) {
			changes = append(changes, outcome.Change{Name: name, Kind: outcome.Removed})
		}
	})
	return sorted(changes)
}

// sorted sorts by name: equal answers have equal bytes.
func sorted(changes []outcome.Change) []outcome.Change {
	slices.SortFunc(changes, func(a, b outcome.Change) int { return strings.Compare(a.Name, b.Name) })
	return changes
}

func (r *record) stores(name string, bodiless bool) bool {
	if name == "Content-Length" {
		return bodiless
	}
	return r.filter.Stores(name)
}

// addBody appends to the body, of which this is the size then. A body above the
// limit is not stored.
func addBody[T string | []byte](r *record, data T, size int64) {
	if size > r.limit {
		r.drop()
	} else {
		response := &r.buffers.response
		response.reserve(len(response.bytes) + len(data))
		response.bytes = append(response.bytes, data...)
	}
}

// outcome serializes the record. The header has the trailers by now.
func (r *record) outcome(status int, header http.Header) []byte {
	answer := outcome.HTTP{
		Status:   status,
		Headers:  r.buffers.header,
		Body:     r.buffers.response.bytes,
		Trailers: r.trailers(header),
	}
	return answer.Marshal()
}

// trailers returns those that were announced and those that were not.
func (r *record) trailers(header http.Header) (trailers []outcome.Change) {
	announced := header["Trailer"]
	for name, values := range header {
		trailer, ok := trailerName(announced, name)
		if !ok || !r.filter.Stores(trailer) {
			continue
		}
		if change, changed := r.buffers.outer.change(name, values); changed {
			change.Name = trailer
			trailers = append(trailers, change)
		}
	}
	r.buffers.outer.removed(header, func(name string) {
		if trailer, ok := trailerName(announced, name); ok {
			trailers = append(trailers, outcome.Change{Name: trailer, Kind: outcome.Removed})
		}
	})
	return sorted(trailers)
}
