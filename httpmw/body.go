package httpmw

import (
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/oncewire/idempotency"
)

// errTooLarge is the cause of the refusal of a body above the limit of the guard.
var errTooLarge = errors.New("request body too large")

// appendBody reads the whole body. It returns errTooLarge as soon as the body is
// known to be larger than the limit in bytes.
func appendBody(buffer []byte, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return buffer, errTooLarge
	}
	if r.Body == nil || r.Body == http.NoBody {
		return buffer, nil
	}
	// One byte more than announced, so that the buffer need not grow before the end
	// is read. A client can announce anything, so the first buffer is bounded.
	buffer = slices.Grow(buffer, int(min(max(r.ContentLength+1, 512), maxPooled/2)))
	start := len(buffer)
	for {
		if len(buffer) == cap(buffer) {
			buffer = slices.Grow(buffer, len(buffer))
		}
		n, err := r.Body.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		switch {
		case int64(len(buffer)-start) > limit:
			return buffer, errTooLarge
		case err == io.EOF: // an error that wraps io.EOF means that the body is incomplete
			return buffer, nil
		case err != nil:
			return buffer, err
		}
	}
}

// bodyRefusal returns the refusal of a request whose body could not be read, or
// which has no fingerprint.
func bodyRefusal(err error) *idempotency.Error {
	_, outerLimit := errors.AsType[*http.MaxBytesError](err)
	if outerLimit || errors.Is(err, errTooLarge) {
		return idempotency.ErrRequestTooLarge
	}
	return idempotency.ErrRequestUnreadable
}
