package idempotency_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/backendtest"
)

func TestRecordedOutcomeIsReplayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		starts(t, engine, payment("k"), recording("paid"), 1)
		for range 3 {
			replays(t, engine, payment("k"), "paid")
		}
	})
}

func TestEmptyOutcomeIsReplayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		starts(t, engine, payment("k"), recording(""), 1)
		replays(t, engine, payment("k"), "")
	})
}

func TestReleasedCallRunsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := openStore(t)
		engine := newEngine(t, store)
		starts(t, engine, payment("k"), releasing(), 1)
		equal(t, "records left", store.Len(), 0)
		starts(t, engine, payment("k"), recording("paid"), 1)
		replays(t, engine, payment("k"), "paid")
	})
}

func TestReleasedKeyMayMeanAnotherRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		starts(t, engine, payload("k", "one"), releasing(), 1)
		starts(t, engine, payload("k", "two"), recording("paid"), 1)
	})
}

func TestOutcomeNotKeptIsNeverRunAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		w := &worker{answer: idempotency.Answer{Verdict: idempotency.Record, NotKept: true}}
		starts(t, engine, payment("k"), w, 1)
		for range 3 {
			refused(t, engine, payment("k"), idempotency.ErrOutcomeNotKept)
		}
	})
}

func TestZeroAnswerAbandons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		starts(t, engine, payment("k"), &worker{}, 1)
		starts(t, engine, payment("k"), recording("paid"), 2)
	})
}

func TestNoKeyRunsUnguarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on(backendtest.OpClaim, every(down))
		engine := newEngine(t, store)
		for range 2 {
			ran := false
			result, err := run(t.Context(), engine, payment(""), func(ctx context.Context) idempotency.Answer {
				_, guarded := idempotency.FromContext(ctx)
				equal(t, "guarded", guarded, false)
				ran = true
				return idempotency.Answer{Verdict: idempotency.Record, Outcome: []byte("mine")}
			})
			ok(t, err)
			equal(t, "ran", ran, true)
			equal(t, "attempt", result.Attempt, 0)
			equal(t, "outcome", string(result.Outcome), "mine")
		}
		equal(t, "claims", store.count(backendtest.OpClaim), 0)
	})
}

// TestOneRoundTripEach counts what a store is asked.
func TestOneRoundTripEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t))
		engine := newEngine(t, store)
		asked := func(claims, completions int) {
			t.Helper()
			equal(t, "claims", store.count(backendtest.OpClaim), claims)
			equal(t, "completions", store.count(backendtest.OpComplete), completions)
			equal(t, "heartbeats", store.count(backendtest.OpExtend), 0)
			equal(t, "releases", store.count(backendtest.OpRelease), 0)
		}
		starts(t, engine, payment("k"), recording("paid"), 1)
		asked(1, 1)
		replays(t, engine, payment("k"), "paid")
		asked(2, 1)
	})
}

func TestConcurrentCallsRunOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		first := hold(t, engine, payment("k"))
		for range 50 {
			go refused(t, engine, payment("k"), idempotency.ErrInProgress)
		}
		synctest.Wait()
		first.end(recording("paid").answer)
		replays(t, engine, payment("k"), "paid")
	})
}
