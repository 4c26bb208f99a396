package idemvanguard

import (
	"mime"
	"net/http"
)

// maxHeld bounds the errors that can be refusals. A refusal has less than 2 KiB.
const maxHeld = 64 << 10

// writer holds an error that Vanguard answers over REST. Everything else passes through.
type writer struct {
	http.ResponseWriter

	call   *call
	status int // of the answer that is held, or 0
	body   []byte
	wrote  bool
}

func (w *writer) held() bool { return w.status != 0 }

// WriteHeader implements [http.ResponseWriter].
func (w *writer) WriteHeader(status int) {
	if !w.wrote && w.call.transcoded && status >= http.StatusBadRequest && isJSON(w.Header()) {
		w.status = status
	}
	if status >= http.StatusOK {
		w.wrote = true
	}
	if !w.held() {
		w.ResponseWriter.WriteHeader(status)
	}
}

// isJSON reports whether the answer may be a google.rpc.Status.
func isJSON(header http.Header) bool {
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	return err == nil && kind == "application/json" && header.Get("Content-Encoding") == ""
}

// Write implements [http.ResponseWriter].
func (w *writer) Write(content []byte) (int, error) {
	w.wrote = true
	if !w.held() {
		return w.ResponseWriter.Write(content)
	}
	if len(w.body)+len(content) <= maxHeld {
		w.body = append(w.body, content...)
		return len(content), nil
	}
	if err := w.release(); err != nil {
		return 0, err
	}
	return w.ResponseWriter.Write(content)
}

// release writes what is held.
func (w *writer) release() error {
	w.ResponseWriter.WriteHeader(w.status)
	w.status = 0
	_, err := w.ResponseWriter.Write(w.body)
	w.body = nil
	return err
}

// Flush implements [http.Flusher], which Vanguard requires.
func (w *writer) Flush() { _ = w.FlushError() }

// FlushError is what [http.ResponseController] uses.
func (w *writer) FlushError() error {
	if w.held() {
		return nil
	}
	w.wrote = true
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap is for [http.ResponseController].
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
