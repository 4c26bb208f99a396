package idempotency_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
)

type tenantKey struct{}

func TestHandlerIsCancelledWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		var cause error
		_, err := run(ctx, engine, payment("k"), untilCancelled(&cause))
		ok(t, err)
		took(t, start, time.Second)
		want(t, cause, context.DeadlineExceeded)
	})
}

func TestDetachedHandlerSurvivesItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t), all(idempotency.Policy{Detached: idempotency.Forever}))
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), tenantKey{}, "acme"), time.Second)
		defer cancel()
		_, err := run(ctx, engine, payment("k"), func(ctx context.Context) idempotency.Answer {
			if _, bounded := ctx.Deadline(); bounded {
				t.Error("a detached handler sees its client's deadline")
			}
			equal(t, "tenant", ctx.Value(tenantKey{}), any("acme"))
			time.Sleep(10 * lease)
			ok(t, ctx.Err())
			return recording("paid").answer
		})
		ok(t, err)
		want(t, ctx.Err(), context.DeadlineExceeded)
		replays(t, engine, payment("k"), "paid")
	})
}

func TestDetachedHandlerIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t), all(idempotency.Policy{Detached: time.Minute}))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		var cause error
		_, err := run(ctx, engine, payment("k"), func(ctx context.Context) idempotency.Answer {
			deadline, bounded := ctx.Deadline()
			equal(t, "bounded", bounded, true)
			equal(t, "deadline", deadline.Sub(start), time.Minute)
			return untilCancelled(&cause)(ctx)
		})
		ok(t, err)
		took(t, start, time.Minute)
		want(t, cause, context.DeadlineExceeded)
	})
}

func TestDetachedHandlerStillLosesItsClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t)).on("Extend", every(down))
		engine := newEngine(t, store, all(idempotency.Policy{Detached: time.Hour}), idempotency.WithLimits(idempotency.Limits{Retries: -1}))
		var cause error
		_, err := run(t.Context(), engine, payment("k"), untilCancelled(&cause))
		ok(t, err)
		want(t, cause, idempotency.ErrClaimLost)
	})
}

// TestHandlersContextEndsWithIt: what a handler leaves running is told so,
// whether it asked for Done early or late.
func TestHandlersContextEndsWithIt(t *testing.T) {
	for _, early := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			engine := newEngine(t, openStore(t))
			var kept context.Context
			_, err := run(context.Background(), engine, payment("k"), func(ctx context.Context) idempotency.Answer {
				if kept = ctx; early {
					_ = ctx.Done()
				}
				return recording("paid").answer
			})
			ok(t, err)
			<-kept.Done()
			want(t, kept.Err(), context.Canceled)
		})
	}
}
