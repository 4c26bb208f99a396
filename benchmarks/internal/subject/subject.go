// Package subject has the servers that the benchmarks compare. All of them run the
// same handler.
package subject

import (
	"net"
	"net/http"
	"testing"
)

// Names of the subjects.
const (
	Bare      = "bare"      // the handler on net/http, without a guard
	Ours      = "ours"      // package httpmw on net/http
	BareFiber = "barefiber" // the handler on Fiber, without a guard
	Fiber     = "fiber"     // Fiber's middleware/idempotency
)

// KeyField is the field of the key. Every subject is configured with it.
const KeyField = "Idempotency-Key"

// Subject is a server to compare.
type Subject struct {
	Name string
	// Works are the works that it can do. A subject that waits for a running call,
	// or answers another request with the first answer, cannot do them all.
	Works []string
	// Open starts it. An empty address means a store in memory, another one that of
	// a Redis server.
	Open func(tb testing.TB, effect *Effect, redis string) Server
}

// Server is a subject that runs.
type Server interface {
	// Dial returns a caller within the process, which is not safe for concurrent
	// use.
	Dial() Caller
	// Serve answers HTTP/1.1 on the listener until Close.
	Serve(listener net.Listener)
	// Close frees the records of a store in memory.
	Close()
}

// Caller sends a request with the key, or without one, and returns the status and the
// body of the answer. The body is valid until the next call.
type Caller func(key string, body []byte) (status int, answer []byte)

// All returns every subject, those without a guard first.
func All() []Subject {
	return []Subject{
		{Name: Bare, Works: []string{"none"}, Open: openBare},
		{Name: BareFiber, Works: []string{"none"}, Open: openBareFiber},
		{Name: Ours, Works: []string{"none", "first", "replay", "running", "mismatch"}, Open: openOurs},
		{Name: Fiber, Works: []string{"none", "first", "replay"}, Open: openFiber},
	}
}

// serve serves a handler until the server is closed.
func serve(handler http.Handler, listener net.Listener) *http.Server {
	server := &http.Server{Handler: handler} //nolint:gosec // its clients are the benchmarks
	go func() { _ = server.Serve(listener) }()
	return server
}
