package backendtest_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
)

var errDown = errors.New("store down")

// always returns a hook that returns the same fault for every call.
func always(fault backendtest.Fault) func(backendtest.Op) backendtest.Fault {
	return func(backendtest.Op) backendtest.Fault { return fault }
}

// calls makes one call of each method, and returns their errors.
func calls(ctx context.Context, store backend.Store, key backend.Key, c backend.Claim) map[backendtest.Op]error {
	_, err := store.Claim(ctx, key, c)
	return map[backendtest.Op]error{
		backendtest.OpClaim:    err,
		backendtest.OpExtend:   store.Extend(ctx, key, c.Token, c.Lease, 0),
		backendtest.OpComplete: store.Complete(ctx, key, c.Token, backend.Outcome{}),
		backendtest.OpRelease:  store.Release(ctx, key, c.Token),
		backendtest.OpWait:     store.(backend.Waiter).Wait(ctx, key, c.Token),
	}
}

func openFaulty(t *testing.T, fault backendtest.Fault) (*backendtest.FaultyWaiter, *memstore.Store) {
	t.Helper()
	store := memstore.New()
	t.Cleanup(func() { _ = store.Close() })
	return backendtest.NewFaultyWaiter(store, always(fault)), store
}

var aClaim = backend.Claim{Token: backend.Token{1}, Attempt: 1, Lease: time.Hour}

func TestFaultyFails(t *testing.T) {
	store, memory := openFaulty(t, backendtest.Fault{Err: errDown})
	for op, err := range calls(t.Context(), store, backend.Key{}, aClaim) {
		if !errors.Is(err, errDown) {
			t.Errorf("%s: %v, want %v", op, err, errDown)
		}
	}
	if n := memory.Len(); n != 0 {
		t.Errorf("%d records, want none", n)
	}
}

func TestFaultyLosesReply(t *testing.T) {
	store, memory := openFaulty(t, backendtest.Fault{Err: errDown, Applied: true})
	rec, err := store.Claim(t.Context(), backend.Key{}, aClaim)
	if !errors.Is(err, errDown) || rec.State != 0 {
		t.Errorf("got %v, %v, want %v alone", rec, err, errDown)
	}
	if n := memory.Len(); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
	store.Set(nil)
	if rec, err = store.Claim(t.Context(), backend.Key{}, aClaim); err != nil || rec.Token != aClaim.Token {
		t.Errorf("sent again: got %v, %v, want the claim to have won", rec, err)
	}
}

func TestFaultyHangs(t *testing.T) {
	for _, fault := range []backendtest.Fault{{Hang: true}, {Delay: time.Hour}} {
		synctest.Test(t, func(t *testing.T) {
			store, memory := openFaulty(t, fault)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			for op, err := range calls(ctx, store, backend.Key{}, aClaim) {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: %v, want the context's error", op, err)
				}
			}
			if n := memory.Len(); n != 0 {
				t.Errorf("%d records, want none", n)
			}
		})
	}
}

func TestFaultyDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, _ := openFaulty(t, backendtest.Fault{Delay: time.Minute})
		start := time.Now()
		rec, err := store.Claim(t.Context(), backend.Key{}, aClaim)
		if err != nil || rec.Token != aClaim.Token {
			t.Errorf("got %v, %v, want the claim to have won", rec, err)
		}
		if d := time.Since(start); d != time.Minute {
			t.Errorf("took %v, want a minute", d)
		}
	})
}

func TestFaultyIsNotAWaiter(t *testing.T) {
	var store backend.Store = backendtest.NewFaulty(memstore.New(), nil)
	if _, ok := store.(backend.Waiter); ok {
		t.Error("a Faulty is a Waiter")
	}
}

// faulty is a Faulty whose records the suite can count, and which it can close.
type faulty struct {
	*backendtest.Faulty

	memory *memstore.Store
}

func (f faulty) Len() int { return f.memory.Len() }

func (f faulty) Close() error { return f.memory.Close() }

// TestSuiteToleratesSlowness runs the suite on a correct store that delays every call
// by up to three ticks.
func TestSuiteToleratesSlowness(t *testing.T) {
	const tick = 50 * time.Millisecond
	late := func(backendtest.Op) backendtest.Fault {
		return backendtest.Fault{Delay: rand.N(3 * tick)}
	}
	h := over(func(store *memstore.Store) backend.Store {
		return faulty{backendtest.NewFaulty(store, late), store}
	})
	h.Tick = tick
	backendtest.Run(t, h)
}
