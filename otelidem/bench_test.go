package otelidem_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

// BenchmarkRun compares a call without an observer with the same call with one.
func BenchmarkRun(b *testing.B) {
	set := []idempotency.Option{idempotency.WithObserver(newMeter(b))}
	b.Run("first call/observer=unset", func(b *testing.B) { benchmarkFirstCalls(b, nil) })
	b.Run("first call/observer=set", func(b *testing.B) { benchmarkFirstCalls(b, set) })
	b.Run("replay/observer=unset", func(b *testing.B) { benchmarkReplays(b, nil) })
	b.Run("replay/observer=set", func(b *testing.B) { benchmarkReplays(b, set) })
}

// benchmarkFirstCalls releases every claim, so that the store stays small.
func benchmarkFirstCalls(b *testing.B, options []idempotency.Option) {
	b.Helper()
	operation := benchOperation(b, options)
	keys := make([]string, 1024)
	for i := range keys {
		keys[i] = strconv.Itoa(i)
	}
	release := func(context.Context) idempotency.Answer { return idempotency.Answer{Verdict: idempotency.Release} }
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, _ = operation.Run(b.Context(), idempotency.Call{Key: keys[i%len(keys)]}, release)
	}
}

func benchmarkReplays(b *testing.B, options []idempotency.Option) {
	b.Helper()
	operation := benchOperation(b, options)
	call := idempotency.Call{Key: "k"}
	handler := recording("paid")
	b.ReportAllocs()
	for b.Loop() {
		_, _ = operation.Run(b.Context(), call, handler)
	}
}

func benchOperation(b *testing.B, options []idempotency.Option) idempotency.Operation {
	b.Helper()
	store := memstore.New()
	b.Cleanup(func() { _ = store.Close() })
	engine, err := idempotency.New(store, options...)
	ok(b, err)
	return engine.Operation(operation, idempotency.Policy{})
}

// BenchmarkObserve measures each kind of event.
func BenchmarkObserve(b *testing.B) {
	meter := newMeter(b)
	for _, o := range observations {
		o.event.Operation, o.event.Key = operation, digest
		b.Run(o.event.Kind.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				meter.Observe(b.Context(), o.event)
			}
		})
	}
}
