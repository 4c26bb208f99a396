package httpmw

import (
	"bufio"
	"errors"
	"net"
	"net/http"
)

// Unwrap is for http.ResponseController: deadlines and full duplex are those of
// the server's writer.
func (r *recorder) Unwrap() http.ResponseWriter { return r.writer }

// FlushError is for http.ResponseController. An answer that was flushed is
// recorded like any other, because proxies flush every answer without a length. A
// stream of events is not recorded: it may never end.
func (r *recorder) FlushError() error {
	err := http.NewResponseController(r.writer).Flush()
	if errors.Is(err, http.ErrNotSupported) {
		return err
	}
	r.commit(http.StatusOK)
	r.flushed = true
	if isEventStream(r.Header().Get("Content-Type")) {
		r.record.drop()
	}
	return err
}

func (r *recorder) hijack() (net.Conn, *bufio.ReadWriter, error) {
	connection, buffer, err := http.NewResponseController(r.writer).Hijack()
	if err == nil {
		r.commit(http.StatusSwitchingProtocols)
		r.record.drop()
	}
	return connection, buffer, err
}

func (r *recorder) push(target string, options *http.PushOptions) error {
	if pusher, ok := r.writer.(http.Pusher); ok {
		return pusher.Push(target, options)
	}
	return http.ErrNotSupported // the answer is held
}

// A handler finds the abilities of its writer by type assertions, so there is a
// type for each set of them. Each type is one pointer, so that converting it to an
// interface does not allocate.
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

// The abilities, as bits.
const (
	canFlush = 1 << iota
	canHijack
	canPush
)

// exposed returns the recorder with the abilities of the first caller's writer and
// no others.
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
	if _, ok := r.writer.(http.Flusher); ok {
		set |= canFlush
	}
	if hijackable(r.writer) {
		set |= canHijack
	}
	if _, ok := r.writer.(http.Pusher); ok {
		set |= canPush
	}
	return set
}

// hijackable unwraps writers as http.ResponseController does. Otherwise a handler
// could take the connection over through Unwrap, without the recorder.
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
