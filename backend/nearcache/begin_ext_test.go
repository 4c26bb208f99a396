package nearcache_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/nearcache"
	"github.com/oncewire/idempotency/internal/txtest"
)

// newBank returns a near cache over a store with transactions, and counts the calls of
// Begin that reach it.
func newBank(t *testing.T) (store nearcache.Store, behind *txtest.Store, begins *int) {
	t.Helper()
	behind, begins = txtest.New(), new(int)
	t.Cleanup(func() { _ = behind.Close() })
	behind.BeforeBegin = func(context.Context) error { *begins++; return nil }
	return opened(t, behind), behind, begins
}

func begin(t *testing.T, store backend.Store, n int, c backend.Claim) (backend.Record, backend.Transaction) {
	t.Helper()
	rec, opened, err := store.(backend.Transactor).Begin(t.Context(), key(n), c)
	ok(t, err)
	return rec, opened
}

// commits begins the n-th claim and commits the outcome.
func commits(t *testing.T, store backend.Store, n int, o backend.Outcome) {
	t.Helper()
	_, opened := begin(t, store, n, claimed(n))
	ok(t, opened.Commit(t.Context(), o))
}

// finds requires that a transaction is not opened, as the n-th claim is finished.
func finds(t *testing.T, store backend.Store, n int, outcome string) {
	t.Helper()
	rec, opened := begin(t, store, n, stranger())
	if opened != nil || rec.Token != claimed(n).Token || rec.Fingerprint != claimed(n).Fingerprint || string(rec.Outcome) != outcome {
		t.Fatalf("got record %+v, transaction %t, want the outcome %q alone", rec, opened != nil, outcome)
	}
}

func TestCommittedOutcomeNeedsNoRoundTrip(t *testing.T) {
	store, _, begins := newBank(t)
	commits(t, store, 0, outcome("paid", time.Hour))
	for range 3 {
		finds(t, store, 0, "paid")
		replays(t, store, 0, "paid")
	}
	if *begins != 1 {
		t.Errorf("%d calls of Begin, want 1", *begins)
	}
}

func TestCommittedOutcomeOfAnotherProcessIsReadOnce(t *testing.T) {
	store, behind, begins := newBank(t)
	commits(t, behind, 0, outcome("paid", time.Hour))
	for range 3 {
		finds(t, store, 0, "paid")
	}
	if *begins != 2 {
		t.Errorf("%d calls of Begin, want 2", *begins)
	}
}

func TestCommittedOutcomeExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, _, _ := newBank(t)
		_, opened := begin(t, store, 0, claimed(0))
		time.Sleep(2 * time.Hour) // longer than lease and retention
		ok(t, opened.Commit(t.Context(), outcome("paid", time.Minute)))
		time.Sleep(50 * time.Second)
		finds(t, store, 0, "paid")
		time.Sleep(10 * time.Second)
		gone(t, store, 0)
	})
}

// TestWhatIsNotCommittedIsNotCached: after a rollback, and after a commit of which
// nothing is known.
func TestWhatIsNotCommittedIsNotCached(t *testing.T) {
	store, behind, _ := newBank(t)
	_, opened := begin(t, store, 0, claimed(0))
	ok(t, opened.Rollback(t.Context()))
	gone(t, store, 0)

	behind.BeforeCommit = func(context.Context) error { return errLost }
	_, opened = begin(t, store, 1, claimed(1))
	want(t, opened.Commit(t.Context(), outcome("paid", time.Hour)), errLost)
	gone(t, store, 1)
	if n := store.Len(); n != 0 {
		t.Errorf("%d entries", n)
	}
}

func TestPurgeDuringCommit(t *testing.T) {
	store, behind, begins := newBank(t)
	behind.AfterCommit = func(context.Context) error { store.Purge(key(0)); return nil }
	commits(t, store, 0, outcome("paid", time.Hour))
	if n := store.Len(); n != 0 {
		t.Errorf("%d entries after the purge", n)
	}
	finds(t, store, 0, "paid")
	if *begins != 2 {
		t.Errorf("%d calls of Begin, want 2", *begins)
	}
}

// TestCommitAfterClose: a transaction that is open ends.
func TestCommitAfterClose(t *testing.T) {
	store, behind, _ := newBank(t)
	_, opened := begin(t, store, 0, claimed(0))
	ok(t, store.Close())
	ok(t, opened.Commit(t.Context(), outcome("paid", time.Hour)))
	_, _, err := store.(backend.Transactor).Begin(t.Context(), key(0), stranger())
	want(t, err, backend.ErrClosed)
	finds(t, behind, 0, "paid")
}

// TestEngineOverNearCacheRunsTransactions, and replays without a round trip.
func TestEngineOverNearCacheRunsTransactions(t *testing.T) {
	store, behind, begins := newBank(t)
	engine, err := idempotency.New(store, idempotency.WithPolicy("*", idempotency.Policy{Transaction: backend.OneCommit}))
	ok(t, err)
	for run := range 3 {
		result, err := engine.Do(t.Context(), "pay", idempotency.Call{Key: "k"}, func(ctx context.Context) ([]byte, error) {
			return []byte("paid"), txtest.Write(ctx, "payment")
		})
		ok(t, err)
		if result.Replayed != (run > 0) || string(result.Outcome) != "paid" {
			t.Errorf("run %d: got %+v", run, result)
		}
	}
	if got := behind.Written(); len(got) != 1 || *begins != 1 {
		t.Errorf("committed are %q after %d calls of Begin", got, *begins)
	}
}
