package otelidem_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

// BenchmarkRun shows a call without an observer beside the same call with one.
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
	engine, call := benchEngine(b, options)
	keys := make([]string, 1024)
	for i := range keys {
		keys[i] = strconv.Itoa(i)
	}
	release := func(context.Context) idempotency.Answer { return idempotency.Answer{Verdict: idempotency.Release} }
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		call.Key = keys[i%len(keys)]
		_, _ = engine.Run(b.Context(), call, release)
	}
}

func benchmarkReplays(b *testing.B, options []idempotency.Option) {
	b.Helper()
	engine, call := benchEngine(b, options)
	handler := recording("paid")
	b.ReportAllocs()
	for b.Loop() {
		_, _ = engine.Run(b.Context(), call, handler)
	}
}

func benchEngine(b *testing.B, options []idempotency.Option) (*idempotency.Engine, idempotency.Call) {
	b.Helper()
	store := memstore.New()
	b.Cleanup(func() { _ = store.Close() })
	engine, err := idempotency.New(store, options...)
	ok(b, err)
	return engine, idempotency.Call{Operation: operation, Key: "k"}
}

// BenchmarkObserve is one event by itself.
func BenchmarkObserve(b *testing.B) {
	meter := newMeter(b)
	for _, s := range sights {
		s.event.Operation, s.event.Key = operation, digest
		b.Run(s.event.Kind.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				meter.Observe(b.Context(), s.event)
			}
		})
	}
}
