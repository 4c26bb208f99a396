package redistest

import (
	"os"
	"sync"
	"testing"
)

// shared is the server that the tests of a process use together.
var shared struct {
	mu     sync.Mutex
	dir    string
	server *Server
	err    error
}

// Shared returns the server that the tests of this process share. The first test
// that needs it starts it with the arguments, which are the same in every test. A
// test uses keys or a database of its own and does not restart the server. The test
// is skipped in short mode. TestMain must run EndShared.
func Shared(tb testing.TB, args ...string) *Server {
	tb.Helper()
	skipShort(tb)
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.dir, shared.err = os.MkdirTemp("", "redistest") //nolint:usetesting // it outlives the test
		if shared.err == nil {
			shared.server, shared.err = launch(shared.dir, args...)
		}
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
		shared.server.Kill()
		shared.server = nil
	}
	_ = os.RemoveAll(shared.dir)
}
