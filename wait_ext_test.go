package idempotency_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
)

// eachWay runs a test on a store that tells when a claim ends, on one that has
// to be polled, and on one that fails to tell.
func eachWay(t *testing.T, test func(t *testing.T, inner *memstore.Store, store backend.Store, slack time.Duration)) {
	t.Helper()

	ways := map[string]struct {
		over  func(*memstore.Store) backend.Store
		slack time.Duration // by which an answer may come late
	}{
		"told":   {func(inner *memstore.Store) backend.Store { return inner }, 0},
		"polled": {func(inner *memstore.Store) backend.Store { return backendtest.NewFaulty(inner, nil) }, 500 * time.Millisecond},
		"untold": {func(inner *memstore.Store) backend.Store {
			return newShaky(inner).on(backendtest.OpWait, every(down))
		}, 500 * time.Millisecond},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				inner := openStore(t)
				test(t, inner, way.over(inner), way.slack)
			})
		})
	}
}

// shortestPoll is how late a waiter that polls may find that a lease has ended:
// the store tells how much of the lease is left, and a pause is never shorter.
const shortestPoll = time.Millisecond

// tookAbout requires that the time since start is d, or late by the slack.
func tookAbout(tb testing.TB, start time.Time, d, slack time.Duration) {
	tb.Helper()
	if past := time.Since(start); past < d || past > d+slack {
		tb.Errorf("took %v, want %v to %v", past, d, d+slack)
	}
}

func TestWaitGetsTheAnswer(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *memstore.Store, store backend.Store, slack time.Duration) {
		t.Helper()

		seen := &events{}
		engine := newEngine(t, store, all(idempotency.Policy{Wait: time.Hour}), idempotency.WithObserver(seen))
		running := hold(t, engine, payment("k"))
		start := time.Now()
		for range 32 {
			go func() {
				result := replays(t, engine, payment("k"), "paid")
				tookAbout(t, start, 10*time.Minute, slack)
				equal(t, "waited", result.Waited, time.Since(start))
			}()
		}
		time.Sleep(10 * time.Minute) // many leases
		running.end(recording("paid").answer)
		time.Sleep(time.Second)
		replayed := seen.of(idempotency.EventReplayed)
		equal(t, "replays", len(replayed), 32)
		for _, event := range replayed {
			if event.Took < 10*time.Minute {
				t.Errorf("waited %v by the event", event.Took)
			}
		}
	})
}

func TestWaitIsBoundedByItsOption(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *memstore.Store, store backend.Store, _ time.Duration) {
		t.Helper()

		engine := newEngine(t, store, all(idempotency.Policy{Wait: 3 * time.Second}))
		running := hold(t, engine, payment("k"))
		start := time.Now()
		refusal := refusalOf(t, engine, payment("k"), idempotency.ErrInProgress)
		equal(t, "retry after", refusal.RetryAfter, time.Second)
		took(t, start, 3*time.Second)
		running.end(recording("paid").answer)
	})
}

func TestWaitIsBoundedByTheCaller(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *memstore.Store, store backend.Store, _ time.Duration) {
		t.Helper()

		engine := newEngine(t, store, all(idempotency.Policy{Wait: time.Hour}))
		running := hold(t, engine, payment("k"))
		start := time.Now()
		hurried, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		w := recording("ran")
		result, err := run(hurried, engine, payment("k"), w.run)
		want(t, err, idempotency.ErrInProgress)
		took(t, start, 2*time.Second)
		equal(t, "waited", result.Waited, 2*time.Second)

		gone, hangUp := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, hangUp)
		if _, err = run(gone, engine, payment("k"), w.run); err == nil {
			t.Error("a caller that is gone got an answer")
		}
		took(t, start, 3*time.Second)
		equal(t, "runs", w.runs.Load(), 0)
		running.end(recording("paid").answer)
	})
}

func TestReleaseDuringWaitRunsOneWaiter(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *memstore.Store, store backend.Store, _ time.Duration) {
		t.Helper()

		engine := newEngine(t, store, all(idempotency.Policy{Wait: time.Hour}))
		running := hold(t, engine, payment("k"))
		var runs, replayed atomic.Int32
		for range 32 {
			go func() {
				result, err := run(t.Context(), engine, payment("k"), func(context.Context) idempotency.Answer {
					runs.Add(1)
					time.Sleep(time.Minute)
					return recording("paid").answer
				})
				ok(t, err)
				equal(t, "outcome", string(result.Outcome), "paid")
				equal(t, "attempt", result.Attempt, 1)
				if result.Replayed {
					replayed.Add(1)
				}
			}()
		}
		time.Sleep(time.Second)
		running.end(releasing().answer)
		time.Sleep(2 * time.Minute)
		equal(t, "runs", runs.Load(), 1)
		equal(t, "replays", replayed.Load(), 31)
	})
}

func TestAbandonDuringWaitIsTakenOver(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *memstore.Store, store backend.Store, slack time.Duration) {
		t.Helper()

		engine := newEngine(t, store, all(idempotency.Policy{Wait: time.Hour}))
		running := hold(t, engine, payment("k"))
		start := time.Now()
		go func() {
			starts(t, engine, payment("k"), recording("paid"), 2)
			tookAbout(t, start, time.Second, slack)
		}()
		time.Sleep(time.Second)
		running.end(abandoning().answer)
		time.Sleep(time.Second)
		replays(t, engine, payment("k"), "paid")
	})
}

func TestExpiryDuringWaitIsTakenOver(t *testing.T) {
	eachWay(t, func(t *testing.T, inner *memstore.Store, store backend.Store, _ time.Duration) {
		t.Helper()

		start := time.Now()
		crash(t, inner, payment("k"))
		engine := newEngine(t, store, all(idempotency.Policy{Wait: time.Hour}))
		starts(t, engine, payment("k"), recording("paid"), 2)
		tookAbout(t, start, lease, shortestPoll)
	})
}

func TestExpiryDuringWaitIsRejected(t *testing.T) {
	eachWay(t, func(t *testing.T, inner *memstore.Store, store backend.Store, _ time.Duration) {
		t.Helper()

		start := time.Now()
		crash(t, inner, payment("k"))
		engine := newEngine(t, store, all(idempotency.Policy{Wait: time.Hour, OnAbandoned: idempotency.Reject}))
		refused(t, engine, payment("k"), idempotency.ErrOutcomeUnknown)
		tookAbout(t, start, lease, shortestPoll)
	})
}

func TestNoWaitForAnotherRequest(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *memstore.Store, store backend.Store, _ time.Duration) {
		t.Helper()

		engine := newEngine(t, store, all(idempotency.Policy{Wait: time.Hour}))
		running := hold(t, engine, payload("k", "one"))
		start := time.Now()
		refused(t, engine, payload("k", "two"), idempotency.ErrKeyReused)
		took(t, start, 0)
		running.end(recording("paid").answer)
	})
}

// TestWaitIsBoundedAcrossClaims: the bound is for the call, not for
// each claim that it waits for.
func TestWaitIsBoundedAcrossClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		others := newEngine(t, store)
		running := hold(t, others, payment("k"))
		start := time.Now()
		go func() {
			engine := newEngine(t, backendtest.NewFaulty(store, nil), all(idempotency.Policy{Wait: 10 * time.Second}))
			refused(t, engine, payment("k"), idempotency.ErrInProgress)
			took(t, start, 10*time.Second)
		}()
		for range 4 {
			time.Sleep(4 * time.Second)
			running.end(releasing().answer) // and at once another has it
			running = hold(t, others, payment("k"))
		}
		running.end(releasing().answer)
	})
}

// TestPollingIsGentle counts the claims of a long wait.
func TestPollingIsGentle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on(backendtest.OpWait, every(down))
		engine := newEngine(t, store, all(idempotency.Policy{Wait: time.Minute}))
		running := hold(t, engine, payment("k"))
		store.on(backendtest.OpClaim, nil)
		refused(t, engine, payment("k"), idempotency.ErrInProgress)
		if n := store.count(backendtest.OpClaim); n < 120 || n > 260 {
			t.Errorf("%d claims in a minute, want two to four a second", n)
		}
		running.end(recording("paid").answer)
	})
}

// TestToldWaiterDoesNotPoll counts them where the store can tell.
func TestToldWaiterDoesNotPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t))
		engine := newEngine(t, store, all(idempotency.Policy{Wait: time.Hour}))
		running := hold(t, engine, payment("k"))
		store.on(backendtest.OpClaim, nil)
		go replays(t, engine, payment("k"), "paid")
		time.Sleep(10 * time.Minute)
		running.end(recording("paid").answer)
		synctest.Wait()
		equal(t, "claims", store.count(backendtest.OpClaim), 2)
	})
}
