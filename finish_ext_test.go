package idempotency_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/backendtest"
)

func TestRecordsThoughTheClientHungUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		ctx, cancel := context.WithCancel(t.Context())
		result, err := run(ctx, engine, payment("k"), func(context.Context) idempotency.Answer {
			cancel()
			return recording("paid").answer
		})
		ok(t, err)
		equal(t, "outcome", string(result.Outcome), "paid")
		replays(t, engine, payment("k"), "paid")
	})
}

func TestRecordsThoughTheDeadlinePassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := run(ctx, engine, payment("k"), func(context.Context) idempotency.Answer {
			time.Sleep(time.Minute)
			return recording("paid").answer
		})
		ok(t, err)
		replays(t, engine, payment("k"), "paid")
	})
}

// TestHangingStoreHoldsTheAnswerOnce: for one store timeout, whatever the
// verdict, and the answer is the handler's.
func TestHangingStoreHoldsTheAnswerOnce(t *testing.T) {
	for name, w := range map[string]*worker{"record": recording("paid"), "release": releasing(), "abandon": abandoning()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newShaky(openStore(t)).
					on(backendtest.OpComplete, first(1, hang)).
					on(backendtest.OpRelease, first(1, hang)).
					on(backendtest.OpExtend, first(1, hang))
				engine := newEngine(t, store, idempotency.WithLimits(idempotency.Limits{StoreTimeout: 3 * time.Second}))
				start := time.Now()
				starts(t, engine, payment("k"), w, 1)
				took(t, start, 3*time.Second)
			})
		})
	}
}

func TestHangingStoreHoldsAPanicOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on(backendtest.OpExtend, first(1, hang))
		engine := newEngine(t, store, idempotency.WithLimits(idempotency.Limits{StoreTimeout: 3 * time.Second}))
		start := time.Now()
		equal(t, "panic", panics(t, engine, payment("k"), "boom"), any("boom"))
		took(t, start, 3*time.Second)
	})
}

// TestEveryVerdictIsRetried: the store fails at first, and comes back.
func TestEveryVerdictIsRetried(t *testing.T) {
	tests := map[string]struct {
		w       *worker
		op      backendtest.Op
		event   idempotency.EventKind
		attempt int // of the next run; 0 for a replay
	}{
		"record":  {recording("paid"), backendtest.OpComplete, idempotency.EventRecorded, 0},
		"release": {releasing(), backendtest.OpRelease, idempotency.EventReleased, 1},
		"abandon": {abandoning(), backendtest.OpExtend, idempotency.EventAbandoned, 2},
	}
	faults := map[string]plan{
		"down once": first(1, down), "down often": first(7, down),
		"reply lost once": first(1, lost), "hanging twice": first(2, hang),
	}
	for name, test := range tests {
		for ill, plan := range faults {
			t.Run(name+" "+ill, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					seen := &events{}
					store := newShaky(openStore(t)).on(test.op, plan)
					engine := newEngine(t, store, idempotency.WithObserver(seen))
					starts(t, engine, payment("k"), test.w, 1)
					failed := seen.of(idempotency.EventFinishFailed)
					equal(t, "failed", len(failed), 1)
					time.Sleep(25 * time.Second) // less than a lease
					done := seen.of(test.event)
					if len(done) != 1 || !done[0].Retried || done[0].Key != failed[0].Key {
						t.Fatalf("got %+v, want one that was retried", done)
					}
					if test.attempt == 0 {
						replays(t, engine, payment("k"), "paid")
						return
					}
					starts(t, engine, payment("k"), recording("again"), test.attempt)
				})
			})
		}
	}
}

// TestStaleOwnerChangesNothing: it lost its claim to another call, which
// recorded an outcome. Its own caller still gets the true answer.
func TestStaleOwnerChangesNothing(t *testing.T) {
	for name, w := range map[string]*worker{"record": recording("stale"), "release": releasing(), "abandon": abandoning()} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				inner, seen := openStore(t), &events{}
				cut := newShaky(inner).on(backendtest.OpExtend, every(down))
				stale := newEngine(t, cut, idempotency.WithObserver(seen))
				other := newEngine(t, inner)
				first := hold(t, stale, payment("k"))
				time.Sleep(lease)
				synctest.Wait()
				starts(t, other, payment("k"), recording("paid"), 2)
				cut.on(backendtest.OpExtend, nil)
				result := first.end(w.answer)
				equal(t, "outcome", string(result.Outcome), string(w.answer.Outcome))
				synctest.Wait()
				equal(t, "leases lost", len(seen.of(idempotency.EventLeaseLost)), 1)
				equal(t, "recorded", len(seen.of(idempotency.EventRecorded)), 0)
				equal(t, "finish failed", len(seen.of(idempotency.EventFinishFailed)), 0)
				replays(t, other, payment("k"), "paid")
			})
		})
	}
}
