package httpmw

import (
	"io"
	"net/http"
	"slices"
)

// appendBody reads the whole body, or fails with errTooLarge once it is
// known to be larger than the limit in bytes.
func appendBody(buffer []byte, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return buffer, errTooLarge
	}
	if r.Body == nil || r.Body == http.NoBody {
		return buffer, nil
	}
	// One byte more than announced, so that the end is seen without growing.
	// What a client announces is believed only up to a point.
	buffer = slices.Grow(buffer, int(min(max(r.ContentLength+1, 512), largestPooled/2)))
	head := len(buffer)
	for {
		if len(buffer) == cap(buffer) {
			buffer = slices.Grow(buffer, len(buffer))
		}
		n, err := r.Body.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		switch {
		case int64(len(buffer)-head) > limit:
			return buffer, errTooLarge
		case err == io.EOF: // a wrapped one means that the body broke off
			return buffer, nil
		case err != nil:
			return buffer, err
		}
	}
}
