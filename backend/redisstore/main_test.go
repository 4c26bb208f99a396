package redisstore

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/oncewire/idempotency/internal/redistest"
)

// server is shared by the tests of this package, black-box ones included,
// which keep to databases or prefixes of their own. Only its many databases
// need the higher frequency: expired keys are looked for in a few at a time.
var server *redistest.Server

// ServerAddr returns the address of the shared server to black-box tests.
func ServerAddr() string { return server.Addr() }

// OnlyListen has the waiters of a store learn of an end by being told, as long as
// they can hear. It must be called before anybody waits.
func OnlyListen(s *Store) { s.vigils.hearing = time.Hour }

// TestMain proves that closed stores leave nothing running.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "redisstore")
	if err == nil {
		server, err = redistest.Launch(dir, "--databases", "1024", "--hz", "100")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		server.Kill()
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}
