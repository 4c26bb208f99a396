package redisstore

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/oncewire/idempotency/internal/redistest"
)

// ServerAddr returns the address of the server that the tests of this package share,
// black-box ones included, each with a database or a prefix of its own. Its many
// databases need the higher frequency: Redis looks for expired keys in a few
// databases at a time.
func ServerAddr(tb testing.TB) string {
	tb.Helper()
	return redistest.Shared(tb, "--databases", "1024", "--hz", "100").Addr()
}

// DisablePolling makes waiters of the store depend on published messages once
// their subscription is confirmed. It must run before the first Wait.
func DisablePolling(s *Store) { s.subscriptions.pollConfirmed = time.Hour }

// TestMain checks that closed stores leave no goroutine running.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		redistest.EndShared()
		os.Exit(code)
	}))
}
