package nearcache_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/backend/nearcache"
	"github.com/oncewire/idempotency/internal/txtest"
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

// TestConformanceOfTransactions runs the suite on a near cache over a store with
// transactions.
func TestConformanceOfTransactions(t *testing.T) {
	for name, ability := range map[string]func(*txtest.Store) backend.Store{
		"All": func(s *txtest.Store) backend.Store { return s },
		"NoWaiter": func(s *txtest.Store) backend.Store {
			return struct {
				remaining
				backend.Transactor
			}{remaining{plain{s}, s}, s}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := over(nil)
			h.Open = func(tb testing.TB) backend.Store {
				tb.Helper()
				behind := txtest.New()
				tb.Cleanup(func() { _ = behind.Close() })
				return countedTransactor{opened(tb, ability(behind)), behind}.withAbilities()
			}
			h.Held = func(_ testing.TB, store backend.Store) int { return store.(interface{ held() int }).held() }
			h.Write = func(ctx context.Context, _ backend.Store, text string) error { return txtest.Write(ctx, text) }
			h.Written = func(_ testing.TB, store backend.Store, text string) bool {
				return slices.Contains(store.(interface{ written() []string }).written(), text)
			}
			backendtest.Run(t, h)
		})
	}
}

// countedTransactor is a near cache over a store with transactions.
type countedTransactor struct {
	nearcache.Store

	behind *txtest.Store
}

func (c countedTransactor) held() int { return max(c.behind.Len(), c.Len()) }

func (c countedTransactor) written() []string { return c.behind.Written() }

func (c countedTransactor) withAbilities() backend.Store {
	transactor := c.Store.(backend.Transactor)
	if waiter, waits := c.Store.(backend.Waiter); waits {
		return struct {
			countedTransactor
			backend.Transactor
			backend.Waiter
		}{c, transactor, waiter}
	}
	return struct {
		countedTransactor
		backend.Transactor
	}{c, transactor}
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

func TestBeginsIfTheStoreBegins(t *testing.T) {
	behind := txtest.New()
	defer behind.Close()
	for name, test := range map[string]struct {
		behind        backend.Store
		waits, begins bool
	}{
		"all": {behind, true, true},
		"no waiter": {struct {
			backend.Store
			backend.Transactor
		}{behind, behind}, false, true},
		"no transactor": {behind.Store, true, false},
		"neither":       {plain{behind}, false, false},
	} {
		store := opened(t, test.behind)
		_, waits := store.(backend.Waiter)
		_, begins := store.(backend.Transactor)
		if waits != test.waits || begins != test.begins {
			t.Errorf("%s: waits %t, begins %t, want %t, %t", name, waits, begins, test.waits, test.begins)
		}
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
