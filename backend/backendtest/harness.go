// Package backendtest proves a store: [Run] checks the promises of package
// backend, one group of tests for each, and [Benchmark] measures what callers
// pay. [Faulty] makes a store fail on demand, for tests of what stands on it.
//
// It is for tests only. Goroutines that a closed store leaves running are not
// its business: have goleak look for them in the TestMain of the store.
package backendtest

import (
	"slices"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Harness tells the suite how to test a store.
type Harness struct {
	// Open returns a store that is empty and that no other test shares. It
	// closes the store by tb.Cleanup; the suite may have closed it before, if
	// it is an io.Closer. Required.
	Open func(tb testing.TB) backend.Store

	// Held returns how many records the store holds in memory, those that
	// have expired and are not freed yet included. Asking must not free any.
	// Required.
	Held func(tb testing.TB, store backend.Store) int

	// Subtest runs f as a subtest of t, in the way that suits the store: in
	// a synctest bubble if it lives in this process, so that waiting costs
	// nothing; in parallel if it is reached over a network. The suite calls
	// neither t.Run nor t.Parallel within f. Nil means t.Run.
	Subtest func(t *testing.T, name string, f func(t *testing.T))

	// Tick is the time that the suite lets pass in steps, and the shortest
	// lease and retention it uses. It should be ten times the Resolution or
	// more. A slow machine never makes a true store fail, whatever the Tick.
	// Zero means 50 ms.
	Tick time.Duration

	// Resolution is how far the store's times may be off by rounding. Zero
	// means that they are exact.
	Resolution time.Duration
}

// Run checks every promise. The tests of waiting are run if the store is a
// [backend.Waiter], and those of the time left if it is [backend.Remaining].
func Run(t *testing.T, h Harness) {
	t.Helper()
	groups, store := slices.Clip(promises), h.Open(t)
	if _, ok := store.(backend.Waiter); ok {
		groups = append(groups, waiting)
	}
	if _, ok := store.(backend.Remaining); ok {
		groups = append(groups, remaining)
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) { g.run(t, h.withDefaults()) })
	}
}

func (h Harness) withDefaults() Harness {
	if h.Subtest == nil {
		h.Subtest = func(t *testing.T, name string, f func(t *testing.T)) {
			t.Helper()
			t.Run(name, f)
		}
	}
	if h.Tick == 0 {
		h.Tick = 50 * time.Millisecond
	}
	return h
}

// promises lists the groups in the order of the promises they check.
var promises = []group{
	promise01, promise02, promise03, promise04, promise05, promise06, promise07,
	promise08, promise09, promise10, promise11, promise12, promise13, promise14,
	linearizable,
}

// group is the tests of one promise.
type group struct {
	name  string
	tests []test
}

type test struct {
	name string
	run  func(f *fixture)
}

func (g group) run(t *testing.T, h Harness) {
	t.Helper()
	for _, c := range g.tests {
		h.Subtest(t, c.name, func(t *testing.T) {
			t.Helper()
			c.run(&fixture{TB: t, Harness: h, store: h.Open(t)})
		})
	}
}
