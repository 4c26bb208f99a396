package httpmw

import (
	"errors"
	"io"
	"math"
	"net/http"

	"github.com/oncewire/idempotency"
)

// errTooLarge is the cause of the refusal of a body above the limit of the guard.
var errTooLarge = errors.New("request body too large")

// firstRead is the size in bytes of the buffer for the beginning of a body. A client
// can announce any length and send nothing.
const firstRead = 32 << 10

// maxGrowth is how many times as large as what has arrived the buffer for the rest of
// the announced body may be.
const maxGrowth = 16

// readBody reads the whole body behind what the buffer has. It returns errTooLarge as
// soon as the body is known to be larger than the limit in bytes.
func readBody(buffer *growing, r *http.Request, limit int64) error {
	if r.ContentLength > limit {
		return errTooLarge
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	start := len(buffer.bytes)
	// One byte more than announced, so that the buffer need not grow before the end
	// is read.
	whole := int64(start) + min(max(r.ContentLength, 0), math.MaxInt64/2) + 1
	buffer.reserve(int(min(max(whole, int64(start)+512), firstRead)))
	for {
		if received := len(buffer.bytes); received == cap(buffer.bytes) {
			buffer.reserve(max(received+1, int(min(whole, maxGrowth*int64(received)))))
		}
		n, err := r.Body.Read(buffer.bytes[len(buffer.bytes):cap(buffer.bytes)])
		buffer.bytes = buffer.bytes[:len(buffer.bytes)+n]
		switch {
		case int64(len(buffer.bytes)-start) > limit:
			return errTooLarge
		case err == io.EOF: // an error that wraps io.EOF means that the body is incomplete
			return nil
		case err != nil:
			return err
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
