package memstore_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
)

func open(tb testing.TB) backend.Store {
	tb.Helper()
	store := memstore.New()
	tb.Cleanup(func() { _ = store.Close() })
	return store
}

func held(_ testing.TB, store backend.Store) int { return store.(*memstore.Store).Len() }

// inBubble runs a test in a synctest bubble.
func inBubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func TestConformance(t *testing.T) {
	backendtest.Run(t, backendtest.Harness{Open: open, Held: held, Subtest: inBubble})
}

// TestConformanceInRealTime runs the suite in parallel and in real time, as for a
// store behind a network.
func TestConformanceInRealTime(t *testing.T) {
	if testing.Short() {
		t.Skip("waits in real time; TestConformance runs the same suite")
	}
	backendtest.Run(t, backendtest.Harness{
		Open: open,
		Held: held,
		Subtest: func(t *testing.T, name string, f func(t *testing.T)) {
			t.Helper()
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f(t)
			})
		},
		Tick: 20 * time.Millisecond,
	})
}

func BenchmarkStore(b *testing.B) { backendtest.Benchmark(b, open) }
