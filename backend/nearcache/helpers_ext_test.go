package nearcache_test

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/backend/nearcache"
)

// perEntry is the size of an entry without outcome, as documented by WithMaxBytes.
const perEntry = 512

// far is a store that several near caches share. It counts the calls that reach
// it. A test can run a hook before and after each call is applied, and can empty
// the store as an operator would.
type far struct {
	memory atomic.Pointer[memstore.Store]

	claims, lefts atomic.Int64
	before, after func(call string) error // nil for no hook
}

func newFar(tb testing.TB) *far {
	tb.Helper()
	f := &far{}
	f.empty(tb)
	return f
}

// empty removes all records without purging any near cache.
func (f *far) empty(tb testing.TB) {
	tb.Helper()
	memory := memstore.New()
	tb.Cleanup(func() { _ = memory.Close() })
	f.memory.Store(memory)
}

// withHooks makes the call. An error of the hook before means that the call is
// lost; an error of the hook after, that its reply is lost.
func (f *far) withHooks(name string, call func() error) error {
	if f.before != nil {
		if err := f.before(name); err != nil {
			return err
		}
	}
	err := call()
	if f.after != nil {
		if lost := f.after(name); lost != nil {
			return lost
		}
	}
	return err
}

func (f *far) Claim(ctx context.Context, key backend.Key, c backend.Claim) (rec backend.Record, err error) {
	f.claims.Add(1)
	err = f.withHooks("Claim", func() error {
		rec, err = f.memory.Load().Claim(ctx, key, c)
		return err
	})
	return rec, err
}

func (f *far) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	return f.memory.Load().Extend(ctx, key, token, lease, retention)
}

func (f *far) Complete(ctx context.Context, key backend.Key, token backend.Token, o backend.Outcome) error {
	return f.withHooks("Complete", func() error { return f.memory.Load().Complete(ctx, key, token, o) })
}

func (f *far) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	return f.memory.Load().Release(ctx, key, token)
}

func (f *far) RetentionLeft(ctx context.Context, key backend.Key, token backend.Token) (left time.Duration, err error) {
	f.lefts.Add(1)
	err = f.withHooks("RetentionLeft", func() error {
		left, err = f.memory.Load().RetentionLeft(ctx, key, token)
		return err
	})
	return left, err
}

// reached requires the number of Claim and RetentionLeft calls that have reached
// the store.
func (f *far) reached(t *testing.T, claims, lefts int64) {
	t.Helper()
	if f.claims.Load() != claims || f.lefts.Load() != lefts {
		t.Errorf("%d Claim and %d RetentionLeft calls reached the store, want %d and %d",
			f.claims.Load(), f.lefts.Load(), claims, lefts)
	}
}

// opened returns a near cache that is closed when the test ends.
func opened(tb testing.TB, behind backend.Store, options ...nearcache.Option) nearcache.Store {
	tb.Helper()
	store, err := nearcache.New(behind, options...)
	ok(tb, err)
	tb.Cleanup(func() { _ = store.Close() })
	return store
}

func key(n int) (k backend.Key) {
	binary.LittleEndian.PutUint64(k[:], uint64(n))
	return k
}

// claimed returns the n-th claim, with an hour's lease and retention.
func claimed(n int) backend.Claim {
	c := backend.Claim{Attempt: 1, Lease: time.Hour, Retention: time.Hour}
	binary.LittleEndian.PutUint64(c.Token[:], uint64(n)+1)
	c.Fingerprint[0] = byte(n)
	return c
}

// stranger returns a claim that wins only if the key is absent.
func stranger() backend.Claim { return claimed(1 << 40) }

// outcome returns an outcome without unused capacity.
func outcome(bytes string, retention time.Duration) backend.Outcome {
	return backend.Outcome{Bytes: slices.Clip([]byte(bytes)), Retention: retention}
}

// win claims the n-th key with the n-th claim.
func win(tb testing.TB, store backend.Store, n int) {
	tb.Helper()
	rec, err := store.Claim(tb.Context(), key(n), claimed(n))
	if err != nil || rec.Token != claimed(n).Token || rec.State != backend.Running {
		tb.Fatalf("Claim: %v, %v, must win", rec, err)
	}
}

// finish wins the n-th key and completes it.
func finish(tb testing.TB, store backend.Store, n int, o backend.Outcome) {
	tb.Helper()
	win(tb, store, n)
	ok(tb, store.Complete(tb.Context(), key(n), claimed(n).Token, o))
}

// replays requires that the n-th claim is finished with the outcome.
func replays(tb testing.TB, store backend.Store, n int, outcome string) {
	tb.Helper()
	rec, err := store.Claim(tb.Context(), key(n), stranger())
	ok(tb, err)
	c := claimed(n)
	if rec.State != backend.Done || rec.Token != c.Token || rec.Attempt != c.Attempt ||
		rec.Fingerprint != c.Fingerprint || string(rec.Outcome) != outcome {
		tb.Fatalf("got record %+v, want the outcome %q of the claim %+v", rec, outcome, c)
	}
}

// gone requires that the n-th key is absent, and leaves it absent.
func gone(tb testing.TB, store backend.Store, n int) {
	tb.Helper()
	c := stranger()
	rec, err := store.Claim(tb.Context(), key(n), c)
	ok(tb, err)
	if rec.Token != c.Token || rec.State != backend.Running {
		tb.Fatalf("got record %+v, want none", rec)
	}
	ok(tb, store.Release(tb.Context(), key(n), c.Token))
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
