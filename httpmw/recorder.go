package httpmw

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/oncewire/idempotency/internal/outcome"
)

// recorder is the handler's ResponseWriter. It passes everything on at once and
// records it. Like any ResponseWriter it must be used by one goroutine at a time.
type recorder struct {
	writer   http.ResponseWriter // of the first caller
	record   record
	status   int   // 0 until the handler has written the header
	head     bool  // the method is HEAD: the body is not sent
	flushed  bool  // the client may have a part of the answer
	declared int64 // Content-Length of the body; -1 for none
	written  int64 // bytes of the body
	failed   error // of the transport; nothing more is written to it
}

// newRecorder returns a recorder for the answer to one request. The limit is that
// of a recorded body, in bytes.
func newRecorder(w http.ResponseWriter, limit int64, head bool, filter outcome.Filter, buffers *buffers) recorder {
	return recorder{writer: w, head: head, record: newRecord(filter, buffers, limit, w.Header())}
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.writer.Header() }

// WriteHeader implements http.ResponseWriter. An interim answer (1xx) is passed on
// and not recorded.
func (r *recorder) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		r.commit(status)
	}
	r.writer.WriteHeader(status)
}

// commit sets the status and records the header, which can not change any more.
func (r *recorder) commit(status int) {
	if r.status != 0 {
		return
	}
	header := r.Header()
	bodiless := r.head || status == http.StatusNotModified
	r.status, r.declared = status, -1
	if !bodiless {
		r.declared = contentLength(header)
	}
	if status == http.StatusSwitchingProtocols || r.declared > r.record.limit {
		r.record.drop()
	}
	if r.record.active() {
		r.record.addHeader(header, bodiless)
	}
}

// contentLength returns -1 if the header has none.
func contentLength(header http.Header) int64 {
	values := header["Content-Length"]
	if len(values) == 0 {
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
	if r.failed == nil {
		n, err = r.writer.Write(data)
	}
	return recordWrite(r, data, n, err)
}

// WriteString implements io.StringWriter.
func (r *recorder) WriteString(data string) (n int, err error) {
	r.commit(http.StatusOK)
	if r.failed == nil {
		n, err = io.WriteString(r.writer, data)
	}
	return recordWrite(r, data, n, err)
}

// ReadFrom implements io.ReaderFrom. io.Copy and http.ServeContent then need no
// buffer of their own, and use that of the server (with sendfile) if the answer
// is not recorded.
func (r *recorder) ReadFrom(source io.Reader) (total int64, err error) {
	for r.record.active() {
		// Read into the free end of the recorded body, so that Write appends in place.
		response := &r.record.buffers.response
		response.reserve(len(response.bytes) + 4<<10)
		body := response.bytes
		n, readErr := source.Read(body[len(body):cap(body)])
		if n > 0 {
			n, err = r.Write(body[len(body) : len(body)+n])
			total += int64(n)
		}
		if err == nil && readErr != io.EOF {
			err = readErr // an error that wraps io.EOF is a failure and not the end
		}
		if err != nil || readErr != nil {
			return total, err
		}
	}
	if r.failed != nil {
		return total, r.failed
	}
	n, err := io.Copy(r.writer, source)
	return total + n, err
}

// recordWrite records what the handler wrote, and returns the result of its
// Write. If the transport fails while the answer is recorded, the handler gets no
// error, so that it can finish its answer.
func recordWrite[T string | []byte](r *recorder, data T, n int, err error) (int, error) {
	switch {
	case !r.record.active() && r.failed != nil:
		return 0, r.failed
	case !r.record.active():
		return n, err
	case err != nil && r.mistake(err, len(data)):
		data = data[:n]
	default:
		if err != nil {
			r.failed = err
		}
		n, err = len(data), nil
	}
	r.written += int64(len(data))
	addBody(&r.record, data, r.written)
	return n, err
}

// mistake reports whether an error was caused by the handler and not by the
// transport. The error of HTTP/2 for a body that is too long is not exported.
func (r *recorder) mistake(err error, length int) bool {
	return errors.Is(err, http.ErrBodyNotAllowed) || errors.Is(err, http.ErrContentLength) ||
		r.declared >= 0 && r.written+int64(length) > r.declared
}

// complete reports whether the whole answer was recorded. A handler that streams
// without a length and whose context has ended may have stopped in the middle.
func (r *recorder) complete(ctx context.Context) bool {
	switch {
	case !r.record.active():
		return false
	case r.declared >= 0 && bodyAllowed(r.status):
		return r.written >= r.declared
	default:
		return !r.flushed || ctx.Err() == nil
	}
}
