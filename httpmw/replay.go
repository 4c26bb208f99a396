package httpmw

import (
	"net/http"
	"strconv"

	"github.com/oncewire/idempotency/internal/outcome"
)

// replayMark is the value of the field that marks a replay.
const replayMark = "true"

// replay writes a stored outcome as the answer to a later call. It holds the values
// of header fields, so that they need no memory of their own.
type replay struct {
	marker [1]string
	length [1]string
	stored [4]string // as many as most answers have
}

// write replays the outcome to a request with this method. The marker of a replay
// is set in the marker field. An error means that the outcome is unreadable and
// that nothing was written.
func (p *replay) write(w http.ResponseWriter, method, markerField string, raw []byte) error {
	stored, err := outcome.ReadHTTP(raw)
	if err != nil {
		return err
	}
	header := w.Header()
	trailers := newReplayedTrailers(header, stored.Trailers)
	stored.Headers.ApplyTo(header, p.stored[:0])
	p.marker[0] = replayMark
	header[markerField] = p.marker[:]
	if !bodyAllowed(stored.Status) {
		stored.Body = nil
	}
	trailers.beforeBody()
	if stored.Trailers.Len() == 0 && hasLength(&stored, method) {
		p.length[0] = strconv.Itoa(len(stored.Body))
		header["Content-Length"] = p.length[:]
	}
	w.WriteHeader(stored.Status)
	if len(stored.Body) > 0 {
		_, _ = w.Write(stored.Body) // the client has gone; there is nothing to do about an error
	}
	trailers.afterBody()
	return nil
}

// hasLength reports whether Content-Length is the length of the stored body.
func hasLength(stored *outcome.StoredHTTP, method string) bool {
	return len(stored.Body) > 0 || bodyAllowed(stored.Status) && method != http.MethodHead
}
