package httpmw

import (
	"errors"
	"maps"
	"net/http"
	"time"
)

// heldAnswer is the ResponseWriter behind a recorder whose answer is sent only after
// its transaction has ended. The body is in the record; so an answer that is not
// recorded as a whole cannot be sent either. It cannot be flushed or hijacked.
type heldAnswer struct {
	w      http.ResponseWriter
	header http.Header // of the handler
	sent   http.Header // as it was at the call of WriteHeader
	status int         // 0 until then
	left   int64       // bytes of the body that may still be written; -1 for any number
}

// newHeldAnswer returns an answer to w whose header is the given one: that of w itself
// if the handler may have it already.
func newHeldAnswer(w http.ResponseWriter, header http.Header) *heldAnswer {
	return &heldAnswer{w: w, header: header, left: -1}
}

// Header implements http.ResponseWriter.
func (h *heldAnswer) Header() http.Header {
	if h.header == nil {
		h.header = http.Header{}
	}
	return h.header
}

// WriteHeader implements http.ResponseWriter. An interim answer (1xx) is dropped.
func (h *heldAnswer) WriteHeader(status int) {
	if status < http.StatusOK && status != http.StatusSwitchingProtocols || h.status != 0 {
		return
	}
	h.status, h.sent, h.left = status, h.Header().Clone(), contentLength(h.Header())
}

// Write implements http.ResponseWriter. It makes the errors of net/http.
func (h *heldAnswer) Write(data []byte) (int, error) {
	if h.status == 0 {
		h.WriteHeader(http.StatusOK)
	}
	length := int64(len(data))
	switch {
	case length == 0:
	case !bodyAllowed(h.status):
		return 0, http.ErrBodyNotAllowed
	case h.left >= 0 && length > h.left:
		return 0, http.ErrContentLength
	case h.left >= 0:
		h.left -= length
	}
	return len(data), nil
}

// SetReadDeadline is for http.ResponseController.
func (h *heldAnswer) SetReadDeadline(deadline time.Time) error {
	return http.NewResponseController(h.w).SetReadDeadline(deadline)
}

// SetWriteDeadline is for http.ResponseController.
func (h *heldAnswer) SetWriteDeadline(deadline time.Time) error {
	return http.NewResponseController(h.w).SetWriteDeadline(deadline)
}

// EnableFullDuplex is for http.ResponseController.
func (h *heldAnswer) EnableFullDuplex() error {
	return http.NewResponseController(h.w).EnableFullDuplex()
}

// send sends the answer with its body. What the handler changed in the header after
// WriteHeader are trailers.
func (h *heldAnswer) send(body []byte) {
	h.WriteHeader(http.StatusOK)
	header, last := h.w.Header(), maps.Clone(h.Header()) // can be the same map
	clear(header)
	maps.Copy(header, h.sent)
	h.w.WriteHeader(h.status)
	_, _ = h.w.Write(body) // the client may have hung up, and the answer is recorded
	clear(header)
	maps.Copy(header, last)
}

// errNotHeld is the cause of a refusal: the answer cannot be sent, as it would have
// to be sent before the transaction is committed.
var errNotHeld = errors.New("httpmw: in a transaction an answer cannot be streamed, be larger than MaxResponse or be shorter than its Content-Length")
