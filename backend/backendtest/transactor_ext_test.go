package backendtest_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/internal/txtest"
)

// overTransactor returns a harness for stores that wrap a store with transactions.
func overTransactor(wrap func(*txtest.Store) backend.Store) backendtest.Harness {
	h := over(func(*memstore.Store) backend.Store { return nil })
	h.Open = func(tb testing.TB) backend.Store {
		tb.Helper()
		store := txtest.New()
		tb.Cleanup(func() { _ = store.Close() })
		return wrap(store)
	}
	h.Write = func(ctx context.Context, store backend.Store, text string) error {
		if w, ok := store.(interface {
			Write(ctx context.Context, text string) error
		}); ok {
			return w.Write(ctx, text)
		}
		return txtest.Write(ctx, text)
	}
	h.Written = func(_ testing.TB, store backend.Store, text string) bool {
		return slices.Contains(store.(interface{ Written() []string }).Written(), text)
	}
	return h
}

func TestTransactorPassesTheSuite(t *testing.T) {
	backendtest.Run(t, overTransactor(func(s *txtest.Store) backend.Store { return s }))
}

// TestTransactorThatDoesNotWaitPassesTheSuite, since a Transactor need not be a Waiter.
func TestTransactorThatDoesNotWaitPassesTheSuite(t *testing.T) {
	backendtest.Run(t, overTransactor(func(s *txtest.Store) backend.Store {
		return struct {
			backend.Store
			backend.Transactor
			counts
		}{s, s, s}
	}))
}

// counts is what the harness needs of a store.
type counts interface {
	Len() int
	Written() []string
}

// TestSuiteFailsOfTransactors is TestSuiteFails for the promises about transactions.
func TestSuiteFailsOfTransactors(t *testing.T) {
	t.Parallel()
	for _, b := range brokenTransactors {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			out, err := runChildOf("TestTransactorChild", b.name, b.group)
			if err == nil || !strings.Contains(out, "--- FAIL: TestTransactorChild/"+b.group) {
				t.Errorf("the suite did not fail in %s: %v\n%s", b.group, err, out)
			}
		})
	}
}

// TestTransactorChild runs the suite in a child process. Without one it does nothing.
func TestTransactorChild(t *testing.T) {
	name, ok := os.LookupEnv(brokenEnv)
	if !ok {
		return
	}
	for _, b := range brokenTransactors {
		if b.name == name {
			backendtest.Run(t, overTransactor(b.wrap))
		}
	}
}
