package httpmw

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/oncewire/idempotency/internal/outcome"
)

// recorder is the handler's ResponseWriter. It hands everything on at once and
// keeps a copy. Like any ResponseWriter it is for one goroutine at a time.
type recorder struct {
	http.ResponseWriter // of the first caller

	filter   outcome.Filter
	limit    int64    // of the body
	scratch  *scratch // holds the copy; nil once nothing is kept
	status   int      // 0 until the answer has begun
	head     bool     // HEAD: the body is not sent
	flushed  bool     // the client has a part of the answer before its end
	declared int64    // Content-Length of the answer; -1 for none
	written  int64    // bytes of the body
	lost     error    // what the transport failed with; it is left alone then
}

func newRecorder(c *call) recorder {
	c.scratch.keepOuter(c.w.Header())
	return recorder{
		ResponseWriter: c.w,
		filter:         c.filter,
		limit:          cmp.Or(c.policy.MaxResponse, c.maxResponse),
		head:           c.r.Method == http.MethodHead,
		scratch:        c.scratch,
	}
}

// WriteHeader implements http.ResponseWriter. An interim answer (1xx) goes
// through, and is not the answer.
func (r *recorder) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		r.commit(status)
	}
	r.ResponseWriter.WriteHeader(status)
}

// commit is the moment from which the header no longer changes.
func (r *recorder) commit(status int) {
	if r.status != 0 {
		return
	}
	header := r.Header()
	r.status = status
	r.declared = r.contentLength(header)
	if status == http.StatusSwitchingProtocols || r.declared > r.limit {
		r.drop()
	}
	if r.keeping() {
		r.keepHeader(header)
	}
}

// contentLength returns -1 where it is not that of the body.
func (r *recorder) contentLength(header http.Header) int64 {
	values := header["Content-Length"]
	if len(values) == 0 || r.head || r.status == http.StatusNotModified {
		return -1
	}
	length, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil {
		return -1
	}
	return length
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(data []byte) (n int, err error) {
	r.commit(http.StatusOK)
	if r.lost == nil {
		n, err = r.ResponseWriter.Write(data)
	}
	return keep(r, data, n, err)
}

// WriteString implements io.StringWriter.
func (r *recorder) WriteString(data string) (n int, err error) {
	r.commit(http.StatusOK)
	if r.lost == nil {
		n, err = io.WriteString(r.ResponseWriter, data)
	}
	return keep(r, data, n, err)
}

// ReadFrom implements io.ReaderFrom, so that io.Copy and http.ServeContent
// need no buffer of their own, and reach the server's (with sendfile) when
// nothing is kept.
func (r *recorder) ReadFrom(source io.Reader) (total int64, err error) {
	for r.keeping() {
		// What is read behind the copy is appended to it in place.
		r.scratch.response = slices.Grow(r.scratch.response, 4<<10)
		copied := r.scratch.response
		n, readErr := source.Read(copied[len(copied):cap(copied)])
		if n > 0 {
			n, err = r.Write(copied[len(copied) : len(copied)+n])
			total += int64(n)
		}
		if err == nil && readErr != io.EOF {
			err = readErr // also one that wraps io.EOF: that is a failure, and no end
		}
		if err != nil || readErr != nil {
			return total, err
		}
	}
	if r.lost != nil {
		return total, r.lost
	}
	n, err := io.Copy(r.ResponseWriter, source)
	return total + n, err
}

// keep adds what the handler wrote to the copy, and returns what the handler
// is told of it. While everything is kept, a client that hung up is none of
// the handler's business: it shall finish its answer.
func keep[T string | []byte](r *recorder, data T, n int, err error) (int, error) {
	switch {
	case !r.keeping() && r.lost != nil:
		return 0, r.lost
	case !r.keeping():
		return n, err
	case err != nil && r.mistake(err, len(data)):
		data = data[:n]
	default:
		if err != nil {
			r.lost = err
		}
		n, err = len(data), nil
	}
	r.written += int64(len(data))
	if r.written > r.limit {
		r.drop()
	} else {
		r.scratch.response = append(r.scratch.response, data...)
	}
	return n, err
}

// mistake tells an error that the handler made from one of the transport.
// HTTP/2 has an error without a name for a body that is too long.
func (r *recorder) mistake(err error, length int) bool {
	return errors.Is(err, http.ErrBodyNotAllowed) || errors.Is(err, http.ErrContentLength) ||
		r.declared >= 0 && r.written+int64(length) > r.declared
}

func (r *recorder) keeping() bool { return r.scratch != nil }

// drop ends the copy: the answer cannot be kept, or has been.
func (r *recorder) drop() { r.scratch = nil }

// whole reports whether the copy has all of the answer. A handler that streams
// without a length and whose context has ended may have stopped in the middle.
func (r *recorder) whole(ctx context.Context) bool {
	switch {
	case !r.keeping():
		return false
	case r.declared >= 0 && bodyAllowed(r.status):
		return r.written >= r.declared
	default:
		return !r.flushed || ctx.Err() == nil
	}
}

// bodyAllowed tells the statuses whose answers have a body (RFC 9110, section
// 6.4.1).
func bodyAllowed(status int) bool {
	return status >= http.StatusOK && status != http.StatusNoContent && status != http.StatusNotModified
}
