package nearcache_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/backend/nearcache"
)

// plain is a store without optional interfaces.
type plain struct{ backend.Store }

// remaining is a store that implements backend.Remaining and not backend.Waiter.
type remaining struct {
	backend.Store
	backend.Remaining
}

// counted is a near cache that counts the records in it and in the store behind.
type counted struct {
	nearcache.Store

	memory *memstore.Store
}

func (c counted) held() int { return max(c.memory.Len(), c.Len()) }

type countedWaiter struct {
	counted
	backend.Waiter
}

// over returns a harness for near caches on stores that ability makes.
func over(ability func(*memstore.Store) backend.Store) backendtest.Harness {
	return backendtest.Harness{
		Open: func(tb testing.TB) backend.Store {
			tb.Helper()
			memory := memstore.New()
			tb.Cleanup(func() { _ = memory.Close() })
			store := counted{opened(tb, ability(memory)), memory}
			if waiter, ok := store.Store.(backend.Waiter); ok {
				return countedWaiter{store, waiter}
			}
			return store
		},
		Held: func(_ testing.TB, store backend.Store) int {
			return store.(interface{ held() int }).held()
		},
		Subtest: inBubble,
	}
}

// inBubble runs a test in a synctest bubble.
func inBubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name    string
		ability func(*memstore.Store) backend.Store
	}{
		{"WaiterAndRemaining", func(s *memstore.Store) backend.Store { return s }},
		{"Remaining", func(s *memstore.Store) backend.Store { return remaining{plain{s}, s} }},
		{"Plain", func(s *memstore.Store) backend.Store { return plain{s} }},
	} {
		t.Run(c.name, func(t *testing.T) { backendtest.Run(t, over(c.ability)) })
	}
}

// TestConformanceOfProcesses runs the suite on two near caches over one store, as
// in two processes. Each claim is made through one of them, and all later calls
// with its token use the same one.
func TestConformanceOfProcesses(t *testing.T) {
	backendtest.Run(t, backendtest.Harness{
		Open: func(tb testing.TB) backend.Store {
			tb.Helper()
			memory := memstore.New()
			tb.Cleanup(func() { _ = memory.Close() })
			return processes{memory, [2]nearcache.Store{opened(tb, memory), opened(tb, memory)}}
		},
		Held: func(_ testing.TB, store backend.Store) int {
			p := store.(processes)
			return max(p.memory.Len(), p.near[0].Len(), p.near[1].Len())
		},
		Subtest: inBubble,
	})
}

type processes struct {
	memory *memstore.Store
	near   [2]nearcache.Store
}

func (p processes) of(token backend.Token) nearcache.Store { return p.near[token[0]%2] }

func (p processes) Claim(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, error) {
	return p.of(c.Token).Claim(ctx, key, c)
}

func (p processes) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	return p.of(token).Extend(ctx, key, token, lease, retention)
}

func (p processes) Complete(ctx context.Context, key backend.Key, token backend.Token, o backend.Outcome) error {
	return p.of(token).Complete(ctx, key, token, o)
}

func (p processes) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	return p.of(token).Release(ctx, key, token)
}

func TestWaitsIfTheStoreWaits(t *testing.T) {
	memory := memstore.New()
	defer memory.Close()
	if _, ok := opened(t, memory).(backend.Waiter); !ok {
		t.Error("does not wait, though its store does")
	}
	if _, ok := opened(t, plain{memory}).(backend.Waiter); ok {
		t.Error("waits, though its store does not")
	}
}

func BenchmarkStore(b *testing.B) {
	backendtest.Benchmark(b, func(tb testing.TB) backend.Store {
		tb.Helper()
		memory := memstore.New()
		tb.Cleanup(func() { _ = memory.Close() })
		return opened(tb, memory)
	})
}
