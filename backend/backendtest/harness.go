package backendtest

import (
	"context"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Harness describes to the suite how to test a store.
type Harness struct {
	// Open returns an empty store that no other test uses. It closes the store
	// with tb.Cleanup. If the store is an io.Closer, the suite may have closed
	// it before. Required.
	Open func(tb testing.TB) backend.Store

	// Held returns the number of records that the store holds in memory,
	// including expired ones that are not freed yet. It must not free any.
	// Required.
	Held func(tb testing.TB, store backend.Store) int

	// Write writes a text to the store's own database, as a handler does in the
	// transaction of its context. A text that is there already is an error. Required
	// for a [backend.Transactor], and not used for other stores.
	Write func(ctx context.Context, store backend.Store, text string) error

	// Written reports whether the text is there and committed. Required with Write.
	Written func(tb testing.TB, store backend.Store, text string) bool

	// Subtest runs f as a subtest of t in the way that suits the store: in a
	// synctest bubble if the store is in this process, so that waiting takes no
	// time; in parallel if it is reached over a network. The suite runs neither
	// t.Run nor t.Parallel within f. Nil means t.Run.
	Subtest func(t *testing.T, name string, f func(t *testing.T))

	// Tick is the unit of time in which tests wait, and the shortest lease and
	// retention that they use. It should be at least ten times the Resolution.
	// A slow machine never makes a correct store fail, whatever the Tick is.
	// Zero means 50 ms.
	Tick time.Duration

	// Resolution is the largest rounding error of the store's times. Zero means
	// that they are exact.
	Resolution time.Duration
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
