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
	run := func(ctx context.Context, operation idempotency.Operation, call idempotency.Call) {
		if _, err := operation.Run(ctx, call, handler); err != nil {
			panic(err)
		}
	}
	payload := func(key string) idempotency.Call { return payload(key, "body").Call }
	b.Run("bare handler", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			handler(b.Context())
		}
	})
	b.Run("no key", func(b *testing.B) {
		pay := newEngine(b, openStore(b)).Operation(operation, idempotency.Policy{})
		b.ReportAllocs()
		for b.Loop() {
			run(b.Context(), pay, idempotency.Call{})
		}
	})
	b.Run("first call", func(b *testing.B) {
		calls := make([]idempotency.Call, benchKeys)
		for i := range calls {
			calls[i] = payload(strconv.Itoa(i))
		}
		var store *memstore.Store
		var pay idempotency.Operation
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%benchKeys == 0 {
				b.StopTimer()
				if store != nil {
					_ = store.Close()
				}
				store = memstore.New()
				pay = newEngine(b, store).Operation(operation, idempotency.Policy{})
				b.StartTimer()
			}
			run(b.Context(), pay, calls[i%benchKeys])
		}
		_ = store.Close()
	})
	b.Run("replay", func(b *testing.B) {
		pay := newEngine(b, openStore(b)).Operation(operation, idempotency.Policy{})
		call := payload("k")
		run(b.Context(), pay, call)
		b.ReportAllocs()
		for b.Loop() {
			run(b.Context(), pay, call)
		}
	})
	b.Run("replay in parallel", func(b *testing.B) {
		pay := newEngine(b, openStore(b)).Operation(operation, idempotency.Policy{})
		call := payload("k")
		run(b.Context(), pay, call)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				run(b.Context(), pay, call)
			}
		})
	})
}
