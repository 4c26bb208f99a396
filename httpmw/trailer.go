package httpmw

import (
	"maps"
	"net/http"

	"github.com/oncewire/idempotency/internal/outcome"
)

// replayedTrailers writes the trailers of a stored outcome. The zero value has
// none.
type replayedTrailers struct {
	header http.Header
	outer  http.Header // the header before the stored changes
	stored outcome.Fields
	late   []outcome.Change // for after the body
}

func newReplayedTrailers(header http.Header, stored outcome.Fields) replayedTrailers {
	if stored.Len() == 0 {
		return replayedTrailers{}
	}
	return replayedTrailers{header: header, outer: maps.Clone(header), stored: stored}
}

// beforeBody sets the trailers that the header does not announce, under names that
// need no announcement. The server must know of them before the body, to send it
// in a form that allows trailers.
func (t *replayedTrailers) beforeBody() {
	t.stored.Each(func(change outcome.Change) {
		if hasToken(t.header["Trailer"], change.Name) {
			t.late = append(t.late, change)
			return
		}
		change.Name = http.TrailerPrefix + change.Name
		change.ApplyTo(t.header)
	})
}

// afterBody sets the trailers that the header announces. A field may be in the
// header and, with another value, in the trailers.
func (t *replayedTrailers) afterBody() {
	for _, change := range t.late {
		if values, ok := t.outer[change.Name]; ok {
			t.header[change.Name] = values
		} else {
			delete(t.header, change.Name)
		}
		change.ApplyTo(t.header)
	}
}
