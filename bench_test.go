package idempotency_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

// benchKeys is how many first calls share one store, so that it stays small.
const benchKeys = 1 << 14

func BenchmarkRun(b *testing.B) {
	outcome := []byte("paid")
	handler := func(context.Context) idempotency.Answer {
		return idempotency.Answer{Verdict: idempotency.Record, Outcome: outcome}
	}
	// It takes no *testing.B, whose Helper would cost more than a call.
	run := func(ctx context.Context, engine *idempotency.Engine, call idempotency.Call) {
		if _, err := engine.Run(ctx, call, handler); err != nil {
			panic(err)
		}
	}
	b.Run("bare handler", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			handler(b.Context())
		}
	})
	b.Run("no key", func(b *testing.B) {
		engine := newEngine(b, openStore(b))
		b.ReportAllocs()
		for b.Loop() {
			run(b.Context(), engine, payment(""))
		}
	})
	b.Run("first call", func(b *testing.B) {
		calls := make([]idempotency.Call, benchKeys)
		for i := range calls {
			calls[i] = payload(strconv.Itoa(i), "body")
		}
		var store *memstore.Store
		var engine *idempotency.Engine
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%benchKeys == 0 {
				b.StopTimer()
				if store != nil {
					_ = store.Close()
				}
				store = memstore.New()
				engine = newEngine(b, store)
				b.StartTimer()
			}
			run(b.Context(), engine, calls[i%benchKeys])
		}
		_ = store.Close()
	})
	b.Run("replay", func(b *testing.B) {
		engine := newEngine(b, openStore(b))
		call := payload("k", "body")
		run(b.Context(), engine, call)
		b.ReportAllocs()
		for b.Loop() {
			run(b.Context(), engine, call)
		}
	})
	b.Run("replay in parallel", func(b *testing.B) {
		engine := newEngine(b, openStore(b))
		call := payload("k", "body")
		run(b.Context(), engine, call)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				run(b.Context(), engine, call)
			}
		})
	})
}
