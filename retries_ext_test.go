package idempotency_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/backendtest"
)

// TestClaimIsKeptWhileRecordingIsRetried observes from another engine: no call
// can take the key over, for many leases, until the outcome is recorded.
func TestClaimIsKeptWhileRecordingIsRetried(t *testing.T) {
	for ill, fault := range map[string]backendtest.Fault{"down": down, "hanging": hang} {
		for _, short := range []time.Duration{lease, 6 * time.Second, time.Second} {
			t.Run(fmt.Sprint(ill, " lease ", short), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					inner, seen := openStore(t), &events{}
					store := newShaky(inner).on(backendtest.OpComplete, every(fault))
					engine := newEngine(t, store, all(idempotency.Policy{Lease: short}),
						idempotency.WithLimits(idempotency.Limits{Retries: 1, RetryWindow: time.Hour}), idempotency.WithObserver(seen))
					onlooker := newEngine(t, inner)
					begun := time.Now()
					go starts(t, engine, payment("k"), recording("paid"), 1)
					synctest.Wait()
					for time.Since(begun) < 5*time.Minute && !t.Failed() {
						refused(t, onlooker, payment("k"), idempotency.ErrInProgress)
						time.Sleep(100 * time.Millisecond)
					}
					store.on(backendtest.OpComplete, nil)
					time.Sleep(time.Minute)
					replays(t, onlooker, payment("k"), "paid")
					recorded := seen.of(idempotency.EventRecorded)
					if len(recorded) != 1 || !recorded[0].Retried {
						t.Errorf("got %+v, want one retried recording", recorded)
					}
				})
			})
		}
	}
}

func TestRetriesAreBoundedInNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &events{}
		store := newShaky(openStore(t)).on(backendtest.OpComplete, every(down))
		engine := newEngine(t, store, idempotency.WithLimits(idempotency.Limits{Retries: 2, RetryWindow: time.Hour}), idempotency.WithObserver(seen))
		for _, key := range []string{"a", "b", "c", "d"} {
			starts(t, engine, payment(key), recording("paid "+key), 1)
		}
		equal(t, "failed", len(seen.of(idempotency.EventFinishFailed)), 4)
		equal(t, "dropped", len(seen.of(idempotency.EventFinishDropped)), 2)
		store.on(backendtest.OpComplete, nil)
		time.Sleep(10 * time.Second)
		equal(t, "recorded", len(seen.of(idempotency.EventRecorded)), 2)
		replays(t, engine, payment("a"), "paid a")
		replays(t, engine, payment("b"), "paid b")
		starts(t, engine, payment("e"), recording("there is room again"), 1)
	})
}

func TestRetriesAreBoundedInTime(t *testing.T) {
	for ill, fault := range map[string]backendtest.Fault{"down": down, "hanging": hang} {
		t.Run(ill, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := &events{}
				store := newShaky(openStore(t)).on(backendtest.OpComplete, every(fault))
				engine := newEngine(t, store, idempotency.WithLimits(idempotency.Limits{Retries: 10, RetryWindow: time.Minute}), idempotency.WithObserver(seen))
				starts(t, engine, payment("k"), recording("paid"), 1)
				start := time.Now()
				ok(t, engine.Close(t.Context()))
				took(t, start, time.Minute)
				dropped := seen.of(idempotency.EventFinishDropped)
				if len(dropped) != 1 || dropped[0].Operation != operation || dropped[0].Attempt != 1 {
					t.Errorf("got %+v, want one dropped recording", dropped)
				}
			})
		})
	}
}

func TestDroppedRecordingExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on(backendtest.OpComplete, first(1, down))
		engine := newEngine(t, store, idempotency.WithLimits(idempotency.Limits{Retries: -1}))
		starts(t, engine, payment("k"), recording("paid"), 1)
		refused(t, engine, payment("k"), idempotency.ErrInProgress)
		time.Sleep(lease)
		starts(t, engine, payment("k"), recording("paid"), 2)
	})
}

func TestRetriesEndWhenTheClaimIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, seen := openStore(t), &events{}
		cut := newShaky(inner).on(backendtest.OpComplete, every(down)).on(backendtest.OpExtend, every(down))
		engine := newEngine(t, cut, idempotency.WithLimits(idempotency.Limits{Retries: 1, RetryWindow: time.Hour}), idempotency.WithObserver(seen))
		starts(t, engine, payment("k"), recording("stale"), 1)
		time.Sleep(lease)
		other := newEngine(t, inner)
		starts(t, other, payment("k"), recording("paid"), 2)
		cut.on(backendtest.OpComplete, nil)
		ok(t, engine.Close(t.Context()))
		gone := seen.of(idempotency.EventLeaseLost)
		if len(gone) != 1 || !gone[0].Retried {
			t.Errorf("got %+v, want one lost lease, found out in the background", gone)
		}
		replays(t, other, payment("k"), "paid")
	})
}

func TestRetriesComeSlower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on(backendtest.OpComplete, every(down))
		engine := newEngine(t, store, idempotency.WithLimits(idempotency.Limits{Retries: 1, RetryWindow: 10 * time.Minute}))
		start := time.Now()
		starts(t, engine, payment("k"), recording("paid"), 1)
		ok(t, engine.Close(t.Context()))
		sent := store.times(backendtest.OpComplete)
		if second := sent[1].Sub(start); second > 50*time.Millisecond {
			t.Errorf("the second try came after %v, want 50ms at most", second)
		}
		for i := 12; i < len(sent); i++ {
			if pause := sent[i].Sub(sent[i-1]); pause < 2500*time.Millisecond || pause > 5*time.Second {
				t.Errorf("pause %d is %v, want 2.5s to 5s", i, pause)
			}
		}
		if len(sent) < 120 || len(sent) > 260 {
			t.Errorf("%d tries in ten minutes", len(sent))
		}
	})
}

func TestCloseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on(backendtest.OpComplete, first(40, down))
		engine := newEngine(t, store)
		for i := range 20 {
			starts(t, engine, payment(strconv.Itoa(i)), recording("paid"), 1)
		}
		for range 3 {
			ok(t, engine.Close(t.Context()))
		}
		for i := range 20 {
			replays(t, engine, payment(strconv.Itoa(i)), "paid")
		}
	})
}

func TestCloseHonoursItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on(backendtest.OpComplete, every(down))
		engine := newEngine(t, store)
		starts(t, engine, payment("k"), recording("paid"), 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		want(t, engine.Close(ctx), context.DeadlineExceeded)
		took(t, start, time.Second)
		store.on(backendtest.OpComplete, nil)
		ok(t, engine.Close(t.Context()))
		replays(t, engine, payment("k"), "paid")
	})
}

func TestCloseOfAnIdleEngineReturnsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		start := time.Now()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		ok(t, engine.Close(ended))
		took(t, start, 0)
	})
}

func TestClosedEngineTakesNothingOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &events{}
		store := newShaky(openStore(t)).on(backendtest.OpComplete, every(down))
		engine := newEngine(t, store, idempotency.WithObserver(seen))
		ok(t, engine.Close(t.Context()))
		starts(t, engine, payment("k"), recording("paid"), 1)
		equal(t, "dropped", len(seen.of(idempotency.EventFinishDropped)), 1)
		start := time.Now()
		ok(t, engine.Close(t.Context()))
		took(t, start, 0)
	})
}

// TestCloseDoesNotWaitForLostClaims: a claim whose reply never arrived may not exist,
// and a store that is down must not hold a shutdown up for it.
func TestCloseDoesNotWaitForLostClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on(backendtest.OpClaim, every(down)).on(backendtest.OpRelease, every(down))
		engine := newEngine(t, store)
		refused(t, engine, payment("k"), idempotency.ErrStore)
		start := time.Now()
		ok(t, engine.Close(t.Context()))
		equal(t, "time to close", time.Since(start), 0)
	})
}
