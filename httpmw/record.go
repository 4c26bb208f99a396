package httpmw

import (
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
)

// keepHeader copies the fields that are stored.
func (r *recorder) keepHeader(header http.Header) {
	connection := header["Connection"]
	s := r.scratch
	for name, values := range header {
		if !r.stores(name, values) || strings.HasPrefix(name, http.TrailerPrefix) || names(connection, name) {
			continue
		}
		first := len(s.values)
		s.values = append(s.values, values...)
		s.header[name] = s.values[first:]
	}
}

// stores tells the fields that the handler made and that mean something to
// other callers. The length of a body that is not sent is one of them.
func (r *recorder) stores(name string, values []string) bool {
	if before, ok := r.scratch.outer[name]; ok && same(before, values) {
		return false
	}
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
func (r *recorder) trailers() (trailers http.Header) {
	header := r.Header()
	for name, values := range header {
		trailer, unannounced := strings.CutPrefix(name, http.TrailerPrefix)
		if !unannounced && !names(header["Trailer"], name) || !r.stores(name, values) || !r.filter.Stores(trailer) {
			continue
		}
		if trailers == nil {
			trailers = http.Header{}
		}
		trailers[trailer] = values
	}
	return trailers
}

// replay writes a stored answer. One that cannot be read is refused: the request
// has run, and is not run again.
func (c *call) replay(raw []byte) error {
	stored, err := outcome.ReadHTTP(raw)
	if err != nil {
		return c.refuse(idempotency.ErrOutcomeUnreadable, err)
	}
	header := c.w.Header()
	stored.Headers.CopyTo(header)
	c.marker[0] = "true"
	header[c.replayedField] = c.marker[:]
	if !bodyAllowed(stored.Status) {
		stored.Body = nil
	}
	trailers := announced(header, &stored.Trailers)
	if stored.Trailers.Len() == 0 && c.sized(&stored) {
		c.length[0] = strconv.Itoa(len(stored.Body))
		header["Content-Length"] = c.length[:]
	}
	c.w.WriteHeader(stored.Status)
	if len(stored.Body) > 0 {
		_, _ = c.w.Write(stored.Body) // there is nobody to tell
	}
	maps.Copy(header, trailers)
	return nil
}

// sized reports whether the length of the stored body is that of the answer.
func (c *call) sized(stored *outcome.StoredHTTP) bool {
	return len(stored.Body) > 0 || bodyAllowed(stored.Status) && c.r.Method != http.MethodHead
}

// announced returns the trailers that the header announces, to be set when the
// body has been written. The others are set at once, in the way that needs no
// announcement, so that the server leaves room for them.
func announced(header http.Header, stored *outcome.Fields) http.Header {
	if stored.Len() == 0 {
		return nil
	}
	trailers := make(http.Header, stored.Len())
	stored.CopyTo(trailers)
	for name, values := range trailers {
		if !names(header["Trailer"], name) {
			header[http.TrailerPrefix+name] = values
			delete(trailers, name)
		}
	}
	return trailers
}
