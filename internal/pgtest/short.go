package pgtest

import "testing"

// skipShort skips a test in short mode. Only tests that need a PostgreSQL server use it.
func skipShort(tb testing.TB) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("needs a PostgreSQL server, which short mode does not start")
	}
}
