package pgtest

import (
	"sync"
	"testing"
)

// shared is the server that the tests of a process use together.
var shared struct {
	mu     sync.Mutex
	server *Server
	err    error
}

// Shared returns the server that the tests of this process share, and starts it
// when the first test needs it. A test keeps to a schema of its own, does not
// restart the server, and is skipped in short mode. TestMain must run EndShared.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	skipShort(tb)
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = launch()
	}
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.server
}

// EndShared ends the shared server, if a test has started it.
func EndShared() {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server != nil {
		shared.server.End()
		shared.server = nil
	}
}
