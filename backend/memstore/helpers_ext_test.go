package memstore_test

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

// perRecord is the size of a record without outcome, as documented by WithMaxBytes.
const perRecord = 192

// opened returns a store that is closed when the test ends.
func opened(tb testing.TB, options ...memstore.Option) *memstore.Store {
	tb.Helper()
	store := memstore.New(options...)
	tb.Cleanup(func() { _ = store.Close() })
	return store
}

// key returns the n-th key. Consecutive keys are in different shards.
func key(n int) (k backend.Key) {
	binary.LittleEndian.PutUint64(k[:], uint64(n))
	return k
}

// claimed returns the n-th claim, with an hour's lease and retention.
func claimed(n int) backend.Claim {
	c := backend.Claim{Attempt: 1, Lease: time.Hour, Retention: time.Hour}
	binary.LittleEndian.PutUint64(c.Token[:], uint64(n)+1)
	return c
}

// win claims the n-th key with the n-th claim.
func win(tb testing.TB, store *memstore.Store, n int, c backend.Claim) {
	tb.Helper()
	rec, err := store.Claim(tb.Context(), key(n), c)
	if err != nil || rec.Token != c.Token {
		tb.Fatalf("Claim: %v, %v, must win", rec, err)
	}
}

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("unexpected error: %v", err)
	}
}

func want(tb testing.TB, err, target error) {
	tb.Helper()
	if !errors.Is(err, target) {
		tb.Errorf("got error %v, want %v", err, target)
	}
}

func holds(tb testing.TB, store *memstore.Store, records int, bytes int64) {
	tb.Helper()
	if store.Len() != records || store.Bytes() != bytes {
		tb.Errorf("holds %d records and %d bytes, want %d and %d",
			store.Len(), store.Bytes(), records, bytes)
	}
}
