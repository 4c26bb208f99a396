package losstest

import (
	"net"
	"net/http"
	"strings"
)

// Loss is a way to lose a reply after the handler ran.
type Loss func(http.ResponseWriter, *http.Request)

// Abort sends nothing: net/http closes the connection, or resets the stream, of a
// handler that panics.
func Abort(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// Cut breaks off within the body.
func Cut(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	if !strings.Contains(r.Header.Get("Content-Type"), "grpc") {
		w.Header().Set("Content-Length", "100")
	}
	_, _ = w.Write([]byte{0, 0, 0})
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Reset closes the connection with RST.
func Reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
