package redistest

import "testing"

// skipShort skips a test in short mode. Only tests that need a Redis server use it.
func skipShort(tb testing.TB) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("needs a Redis server, which short mode does not start")
	}
}
