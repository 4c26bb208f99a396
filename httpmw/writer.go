package httpmw

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"strings"
)

// Unwrap is for http.ResponseController: deadlines and full duplex are the
// server's.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// FlushError is for http.ResponseController. An answer that is sent piece by
// piece is kept like any other, as proxies flush whatever has no length. A
// stream of events is not: its client reads it as long as it lasts.
func (r *recorder) FlushError() error {
	err := http.NewResponseController(r.ResponseWriter).Flush()
	if errors.Is(err, http.ErrNotSupported) {
		return err
	}
	r.commit(http.StatusOK)
	r.flushed = true
	if isEventStream(r.Header().Get("Content-Type")) {
		r.drop()
	}
	return err
}

func isEventStream(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(kind), "text/event-stream")
}

func (r *recorder) hijack() (net.Conn, *bufio.ReadWriter, error) {
	connection, buffer, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil {
		r.commit(http.StatusSwitchingProtocols)
		r.drop()
	}
	return connection, buffer, err
}

func (r *recorder) push(target string, options *http.PushOptions) error {
	return r.ResponseWriter.(http.Pusher).Push(target, options) //nolint:forcetypeassert // exposed looked
}

// A handler looks for abilities with type assertions, so there is a type for
// each set of them. Each is one pointer, which an interface holds for free.
type (
	flusher               struct{ *recorder }
	hijacker              struct{ *recorder }
	pusher                struct{ *recorder }
	flusherHijacker       struct{ *recorder }
	flusherPusher         struct{ *recorder }
	hijackerPusher        struct{ *recorder }
	flusherHijackerPusher struct{ *recorder }
)

func (w flusher) Flush()               { _ = w.FlushError() }
func (w flusherHijacker) Flush()       { _ = w.FlushError() }
func (w flusherPusher) Flush()         { _ = w.FlushError() }
func (w flusherHijackerPusher) Flush() { _ = w.FlushError() }

func (w hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error)              { return w.hijack() }
func (w flusherHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error)       { return w.hijack() }
func (w hijackerPusher) Hijack() (net.Conn, *bufio.ReadWriter, error)        { return w.hijack() }
func (w flusherHijackerPusher) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.hijack() }

func (w pusher) Push(target string, o *http.PushOptions) error         { return w.push(target, o) }
func (w flusherPusher) Push(target string, o *http.PushOptions) error  { return w.push(target, o) }
func (w hijackerPusher) Push(target string, o *http.PushOptions) error { return w.push(target, o) }
func (w flusherHijackerPusher) Push(target string, o *http.PushOptions) error {
	return w.push(target, o)
}

// Abilities, as bits.
const (
	canFlush = 1 << iota
	canHijack
	canPush
)

// exposed returns the recorder with the abilities of the first caller's writer.
func (r *recorder) exposed() http.ResponseWriter {
	switch r.abilities() {
	case canFlush:
		return flusher{r}
	case canHijack:
		return hijacker{r}
	case canPush:
		return pusher{r}
	case canFlush | canHijack:
		return flusherHijacker{r}
	case canFlush | canPush:
		return flusherPusher{r}
	case canHijack | canPush:
		return hijackerPusher{r}
	case canFlush | canHijack | canPush:
		return flusherHijackerPusher{r}
	default:
		return r
	}
}

func (r *recorder) abilities() (set int) {
	if _, ok := r.ResponseWriter.(http.Flusher); ok {
		set |= canFlush
	}
	if hijackable(r.ResponseWriter) {
		set |= canHijack
	}
	if _, ok := r.ResponseWriter.(http.Pusher); ok {
		set |= canPush
	}
	return set
}

// hijackable looks through wrappers as http.ResponseController does. It would
// otherwise take the connection over behind the recorder's back.
func hijackable(w http.ResponseWriter) bool {
	for {
		if _, ok := w.(http.Hijacker); ok {
			return true
		}
		wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = wrapper.Unwrap()
	}
}
