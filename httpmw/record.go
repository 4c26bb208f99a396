package httpmw

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
)

// keepHeader copies what the handler did to the fields, as far as it is stored.
func (r *recorder) keepHeader(header http.Header) {
	s := r.scratch
	connection := header["Connection"]
	for name, values := range header {
		change, changed := s.outer.change(name, values)
		if !changed || !r.stores(name) || strings.HasPrefix(name, http.TrailerPrefix) || names(connection, name) {
			continue
		}
		change.Values = s.keepValues(change.Values)
		s.header = append(s.header, change)
	}
	s.outer.removed(header, func(name string) {
		if !strings.HasPrefix(name, http.TrailerPrefix) {
			s.header = append(s.header, outcome.Change{Name: name, Kind: outcome.Removed})
		}
	})
}

// stores tells the fields that mean something to other callers. The length of a
// body that is not sent is one of them.
func (r *recorder) stores(name string) bool {
	if name == "Content-Length" {
		return r.head || r.status == http.StatusNotModified
	}
	return r.filter.Stores(name)
}

// outcome serializes the copy.
func (r *recorder) outcome() []byte {
	answer := outcome.HTTP{
		Status:   r.status,
		Headers:  r.scratch.header,
		Body:     r.scratch.response,
		Trailers: r.trailers(),
	}
	return answer.Marshal()
}

// trailers finds those that were announced and those that were not.
func (r *recorder) trailers() (trailers []outcome.Change) {
	header := r.Header()
	for name, values := range header {
		trailer, ok := trailerName(header, name)
		if !ok || !r.filter.Stores(trailer) {
			continue
		}
		if change, changed := r.scratch.outer.change(name, values); changed {
			change.Name = trailer
			trailers = append(trailers, change)
		}
	}
	r.scratch.outer.removed(header, func(name string) {
		if trailer, ok := trailerName(header, name); ok {
			trailers = append(trailers, outcome.Change{Name: trailer, Kind: outcome.Removed})
		}
	})
	return trailers
}

// trailerName returns the name of the trailer for which a field of the header
// stands, if it does: see [http.ResponseWriter].
func trailerName(header http.Header, name string) (string, bool) {
	trailer, unannounced := strings.CutPrefix(name, http.TrailerPrefix)
	return trailer, unannounced || names(header["Trailer"], name)
}

// replay writes a stored answer. One that cannot be read is refused: the request
// has run, and is not run again.
func (c *call) replay(raw []byte) error {
	stored, err := outcome.ReadHTTP(raw)
	if err != nil {
		return c.refuse(idempotency.ErrOutcomeUnreadable, err)
	}
	header := c.w.Header()
	trailers := newReplayedTrailers(header, stored.Trailers)
	stored.Headers.ApplyTo(header)
	c.marker[0] = "true"
	header[c.replayedField] = c.marker[:]
	if !bodyAllowed(stored.Status) {
		stored.Body = nil
	}
	trailers.unannounced()
	if stored.Trailers.Len() == 0 && c.sized(&stored) {
		c.length[0] = strconv.Itoa(len(stored.Body))
		header["Content-Length"] = c.length[:]
	}
	c.w.WriteHeader(stored.Status)
	if len(stored.Body) > 0 {
		_, _ = c.w.Write(stored.Body) // there is nobody to tell
	}
	trailers.announced()
	return nil
}

// sized reports whether the length of the stored body is that of the answer.
func (c *call) sized(stored *outcome.StoredHTTP) bool {
	return len(stored.Body) > 0 || bodyAllowed(stored.Status) && c.r.Method != http.MethodHead
}
