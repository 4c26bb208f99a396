package losstest

import (
	"net"
	"net/http"
	"testing"
)

// Server is a server that loses replies.
type Server struct {
	Losses

	URL    string
	Client *http.Client // for its protocol
}

// Start starts a server over HTTP/1.1 or HTTP/2 that ends with the test.
func Start(tb testing.TB, handler http.Handler, http2 bool, lose Loss) *Server {
	tb.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetUnencryptedHTTP2(http2)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	transport := &http.Transport{Protocols: protocols, MaxIdleConnsPerHost: 16}
	s := &Server{URL: "http://" + listener.Addr().String(), Client: &http.Client{Transport: transport}}
	server := &http.Server{Protocols: protocols, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.Next() {
			handler.ServeHTTP(w, r)
			return
		}
		Unsent(handler, w, r)
		lose(w, r)
	})}
	go func() { _ = server.Serve(listener) }()
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	return s
}

// Unsent runs a handler whose answer no client gets.
func Unsent(handler http.Handler, w http.ResponseWriter, r *http.Request) {
	handler.ServeHTTP(unsent{w, http.Header{}}, r)
}

type unsent struct {
	http.ResponseWriter

	header http.Header
}

func (u unsent) Header() http.Header            { return u.header }
func (unsent) Write(answer []byte) (int, error) { return len(answer), nil }
func (unsent) WriteHeader(int)                  {}
func (unsent) Flush()                           {}
