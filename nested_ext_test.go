package idempotency_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
)

// around runs a call through an outer guard and an inner one.
func around(tb testing.TB, outer, inner *idempotency.Engine, outerCall, innerCall request, w *worker) (result idempotency.Result, err error) {
	tb.Helper()
	_, failed := run(tb.Context(), outer, outerCall, func(ctx context.Context) idempotency.Answer {
		result, err = run(ctx, inner, innerCall, w.run)
		return idempotency.Answer{Verdict: idempotency.Record, Outcome: []byte("outer")}
	})
	ok(tb, failed)
	return result, err
}

// TestGuardedTwiceOnOneRecord runs once, under the one claim: also by two engines
// on one store, and through a store that hides the other.
func TestGuardedTwiceOnOneRecord(t *testing.T) {
	for name, second := range map[string]func(*idempotency.Engine, backend.Store) *idempotency.Engine{
		"one engine":             func(engine *idempotency.Engine, _ backend.Store) *idempotency.Engine { return engine },
		"two engines, one store": func(_ *idempotency.Engine, store backend.Store) *idempotency.Engine { return newEngine(t, store) },
		"with patience": func(_ *idempotency.Engine, store backend.Store) *idempotency.Engine {
			return newEngine(t, store, all(idempotency.Policy{Wait: time.Hour}))
		},
		"other body for the inside": func(engine *idempotency.Engine, _ backend.Store) *idempotency.Engine { return engine },
	} {
		t.Run(name, func(t *testing.T) {
			store := openStore(t)
			outer := newEngine(t, store)
			inner := second(outer, store)
			synctest.Test(t, func(t *testing.T) {
				w := recording("inner")
				result, err := around(t, outer, inner, payload("k", "one"), payload("k", name), w)
				ok(t, err)
				equal(t, "runs", w.runs.Load(), 1)
				equal(t, "outcome", string(result.Outcome), "inner")
				equal(t, "replayed", result.Replayed, false)
				replays(t, outer, payload("k", "one"), "outer")
				equal(t, "records", store.Len(), 1)
			})
		})
	}
}

// TestTheInnerHandlerSeesTheOuterClaim, and what it says about its answer reaches that claim.
func TestTheInnerHandlerSeesTheOuterClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		_, err := run(t.Context(), engine, payment("k"), func(ctx context.Context) idempotency.Answer {
			outer, _ := idempotency.FromContext(ctx)
			_, err := run(ctx, engine, payment("k"), func(ctx context.Context) idempotency.Answer {
				inner, guarded := idempotency.FromContext(ctx)
				equal(t, "guarded", guarded, true)
				equal(t, "claim", inner, outer)
				executionOf(ctx).NoEffect()
				return recording("inner").answer
			})
			ok(t, err)
			return recording("outer").answer
		})
		ok(t, err)
		equal(t, "leaves", left(t, engine), leavesNone)
	})
}

// TestOtherGuardsAreGuardsOfTheirOwn: for another key, operation, namespace or
// store, the inner guard keeps a record.
func TestOtherGuardsAreGuardsOfTheirOwn(t *testing.T) {
	shared := openStore(t)
	outer := newEngine(t, shared)
	for name, inner := range map[string]struct {
		engine *idempotency.Engine
		call   request
	}{
		"key":       {outer, payment("another key")},
		"operation": {outer, request{idempotency.Call{Key: "operation"}, "/bank.v1.Bank/Log"}},
		"namespace": {newEngine(t, shared, idempotency.WithNamespace("inner")), payment("namespace")},
		"store":     {newEngine(t, openStore(t)), payment("store")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				result, err := around(t, outer, inner.engine, payment(name), inner.call, recording("inner"))
				ok(t, err)
				equal(t, "attempt", result.Attempt, 1)
				replays(t, inner.engine, inner.call, "inner")
				replays(t, outer, payment(name), "outer")
			})
		})
	}
}
