package httpmw

import (
	"maps"
	"net/http"

	"github.com/oncewire/idempotency/internal/outcome"
)

// replayedTrailers writes the trailers of a stored answer. The zero value has
// none.
type replayedTrailers struct {
	header http.Header
	outer  http.Header // before the stored header was applied
	stored outcome.Fields
	late   []outcome.Change
}

func newReplayedTrailers(header http.Header, stored outcome.Fields) replayedTrailers {
	if stored.Len() == 0 {
		return replayedTrailers{}
	}
	return replayedTrailers{header: header, outer: maps.Clone(header), stored: stored}
}

// unannounced sets the trailers that the header does not announce, in the way
// that needs no announcement, before the body, so that the server leaves room
// for them.
func (t *replayedTrailers) unannounced() {
	t.stored.Each(func(change outcome.Change) {
		if names(t.header["Trailer"], change.Name) {
			t.late = append(t.late, change)
			return
		}
		change.Name = http.TrailerPrefix + change.Name
		change.ApplyTo(t.header)
	})
}

// announced sets the others when the body has been written. A field can be in
// the header and, with another value, in the trailers.
func (t *replayedTrailers) announced() {
	for _, change := range t.late {
		if values, ok := t.outer[change.Name]; ok {
			t.header[change.Name] = values
		} else {
			delete(t.header, change.Name)
		}
		change.ApplyTo(t.header)
	}
}
