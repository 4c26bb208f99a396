package nearcache_test

import (
	"context"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

// BenchmarkReplay compares a replay from the near cache with the bare handler and
// with a replay from a store that is a round trip away.
func BenchmarkReplay(b *testing.B) {
	b.Run("BareHandler", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			pay(b.Context())
		}
	})
	b.Run("NearCache", func(b *testing.B) { replay(b, opened(b, slow{remembers(b)})) })
	b.Run("Memory", func(b *testing.B) { replay(b, remembers(b)) })
	b.Run("SlowStore", func(b *testing.B) { replay(b, slow{remembers(b)}) })
}

// BenchmarkFirstCall measures what caching the outcome costs a first call.
func BenchmarkFirstCall(b *testing.B) {
	b.Run("NearCache", func(b *testing.B) { firstCall(b, opened(b, &forgetful{})) })
	b.Run("Bare", func(b *testing.B) { firstCall(b, &forgetful{}) })
}

// BenchmarkClaim measures Claim alone.
func BenchmarkClaim(b *testing.B) {
	store := opened(b, remembers(b))
	finish(b, store, 0, outcome("paid", time.Hour))
	claim := stranger()
	b.Run("Cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = store.Claim(b.Context(), key(0), claim)
		}
	})
	b.Run("CachedParallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = store.Claim(b.Context(), key(0), claim)
			}
		})
	})
}

func replay(b *testing.B, store backend.Store) {
	b.Helper()
	engine, err := idempotency.New(store)
	ok(b, err)
	operation, call := engine.Operation("/bank.v1.Bank/Pay", idempotency.Policy{}), idempotency.Call{Key: "k"}
	ctx := b.Context()
	if _, err := operation.Run(ctx, call, pay); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if result, err := operation.Run(ctx, call, pay); err != nil || !result.Replayed {
			b.Fatal(result, err)
		}
	}
}

func firstCall(b *testing.B, store backend.Store) {
	b.Helper()
	ctx, n := b.Context(), 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		_, _ = store.Claim(ctx, key(n), claimed(n))
		_ = store.Complete(ctx, key(n), claimed(n).Token, backend.Outcome{Bytes: paid, Retention: time.Hour})
	}
}

func remembers(b *testing.B) *memstore.Store {
	b.Helper()
	memory := memstore.New()
	b.Cleanup(func() { _ = memory.Close() })
	return memory
}

// slow is a store that is a round trip away.
type slow struct{ *memstore.Store }

func (s slow) Claim(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, error) {
	time.Sleep(100 * time.Microsecond)
	return s.Store.Claim(ctx, key, c)
}

// pay is a handler that allocates nothing.
func pay(context.Context) idempotency.Answer {
	return idempotency.Answer{Verdict: idempotency.Record, Outcome: paid}
}

var paid = []byte("paid")
