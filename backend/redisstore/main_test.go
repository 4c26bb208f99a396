package redisstore

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/oncewire/idempotency/internal/redistest"
)

// server is shared by the tests of this package, including black-box tests. Each
// test uses its own databases or prefixes. The higher frequency (--hz) is needed
// because of the many databases: each cycle frees the expired keys of only a few.
var server *redistest.Server

// ServerAddr returns the address of the shared server, for black-box tests.
func ServerAddr() string { return server.Addr() }

// DisablePolling makes waiters of the store depend on published messages once
// their subscription is confirmed. It must run before the first Wait.
func DisablePolling(s *Store) { s.subscriptions.pollConfirmed = time.Hour }

// TestMain checks that closed stores leave no goroutine running.
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
