package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/backendtest"
)

var errJob = errors.New("job failed")

// does returns a job that returns the bytes or the error, and counts its runs.
func does(runs *int, outcome string, err error) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) {
		*runs++
		if err != nil {
			return nil, err
		}
		return []byte(outcome), nil
	}
}

func TestDoReturnsTheBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		runs := 0
		for i := range 3 {
			result, err := engine.Do(t.Context(), operation, payment("k").Call, does(&runs, fmt.Sprint("run ", i), nil))
			ok(t, err)
			equal(t, "outcome", string(result.Outcome), "run 0")
			equal(t, "replayed", result.Replayed, i > 0)
			equal(t, "attempt", result.Attempt, 1)
		}
		equal(t, "runs", runs, 1)
	})
}

func TestDoAbandonsAfterAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		runs := 0
		result, err := engine.Do(t.Context(), operation, payment("k").Call, does(&runs, "", errJob))
		equal(t, "the very error", err, errJob)
		equal(t, "attempt", result.Attempt, 1)
		result, err = engine.Do(t.Context(), operation, payment("k").Call, does(&runs, "done", nil))
		ok(t, err)
		equal(t, "attempt", result.Attempt, 2)
	})
}

func TestDoRejectsAfterAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t), reject)
		runs := 0
		_, err := engine.Do(t.Context(), operation, payment("k").Call, does(&runs, "", errJob))
		want(t, err, errJob)
		_, err = engine.Do(t.Context(), operation, payment("k").Call, does(&runs, "done", nil))
		want(t, err, idempotency.ErrOutcomeUnknown)
		equal(t, "runs", runs, 1)
	})
}

func TestDoReleasesWhatHadNoEffect(t *testing.T) {
	for name, failure := range map[string]error{
		"marked":             idempotency.NoEffect(errJob),
		"marked and wrapped": fmt.Errorf("queue: %w", idempotency.NoEffect(errJob)),
		"wrapped and marked": idempotency.NoEffect(fmt.Errorf("queue: %w", errJob)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := newEngine(t, openStore(t), reject)
				runs := 0
				_, err := engine.Do(t.Context(), operation, payment("k").Call, does(&runs, "", failure))
				want(t, err, errJob)
				equal(t, "the very error", err, failure)
				result, err := engine.Do(t.Context(), operation, payment("k").Call, does(&runs, "done", nil))
				ok(t, err)
				equal(t, "attempt", result.Attempt, 1)
			})
		})
	}
}

func TestNoEffectOfNoError(t *testing.T) { ok(t, idempotency.NoEffect(nil)) }

func TestDoNeedsAGoodKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		runs := 0
		for key, target := range map[string]error{
			"": idempotency.ErrKeyMissing, " ": idempotency.ErrKeyInvalid,
			"a b": idempotency.ErrKeyInvalid, "\x00": idempotency.ErrKeyInvalid,
		} {
			_, err := engine.Do(t.Context(), operation, payment(key).Call, does(&runs, "done", nil))
			want(t, err, target)
		}
		equal(t, "runs", runs, 0)
	})
}

func TestDoMeetsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		starts(t, engine, payment("k"), recording("paid"), 1)
		runs := 0
		for _, key := range []string{"k", `"k"`, " k "} {
			result, err := engine.Do(t.Context(), operation, payment(key).Call, does(&runs, "again", nil))
			ok(t, err)
			equal(t, "outcome", string(result.Outcome), "paid")
		}
		equal(t, "runs", runs, 0)
	})
}

func TestDoPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		func() {
			defer func() { equal(t, "panic", recover(), any("boom")) }()
			_, _ = engine.Do(t.Context(), operation, payment("k").Call, func(context.Context) ([]byte, error) { panic("boom") })
		}()
		starts(t, engine, payment("k"), recording("paid"), 2)
	})
}

func TestDoFailsOpenWithItsOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on(backendtest.OpClaim, every(down))
		engine := newEngine(t, store, idempotency.WithFailOpen())
		runs := 0
		result, err := engine.Do(t.Context(), operation, payment("k").Call, does(&runs, "unprotected", nil))
		ok(t, err)
		equal(t, "outcome", string(result.Outcome), "unprotected")
		equal(t, "attempt", result.Attempt, 0)
		_, err = engine.Do(t.Context(), operation, payment("k").Call, does(&runs, "", errJob))
		want(t, err, errJob)
	})
}
