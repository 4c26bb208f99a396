package idempotency_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
)

// What a call leaves behind, as the next call with its key sees it.
const (
	leavesRecord = "a record"
	leavesClaim  = "an abandoned claim"
	leavesNone   = "nothing"
)

// left finds out what a call of payment("k") left behind.
func left(tb testing.TB, engine *idempotency.Engine) (what string) {
	tb.Helper()
	result, err := run(tb.Context(), engine, payment("k"), recording("next").run)
	ok(tb, err)
	switch {
	case result.Replayed:
		return leavesRecord
	case result.Attempt > 1:
		return leavesClaim
	default:
		return leavesNone
	}
}

// TestVerdictAfterTheContextEnded: an error that would be released, or that names
// no cause, is then usually the echo of the cancellation.
func TestVerdictAfterTheContextEnded(t *testing.T) {
	answers := map[string]struct {
		answer       idempotency.Answer
		alive, ended string
	}{
		"success":         {idempotency.Answer{Verdict: idempotency.Record}, leavesRecord, leavesRecord},
		"client's error":  {idempotency.Answer{Verdict: idempotency.Record}, leavesRecord, leavesRecord},
		"server's error":  {idempotency.Answer{Verdict: idempotency.Record, ServerError: true}, leavesRecord, leavesClaim},
		"not kept":        {idempotency.Answer{Verdict: idempotency.Abandon, NotKept: true}, leavesClaim, leavesClaim},
		"error to retry":  {idempotency.Answer{Verdict: idempotency.Release}, leavesNone, leavesClaim},
		"unknown outcome": {idempotency.Answer{Verdict: idempotency.Abandon}, leavesClaim, leavesClaim},
		"nothing ran":     {idempotency.Answer{NoEffect: true}, leavesNone, leavesNone},
	}
	for name, test := range answers {
		for moment, end := range map[string]func(context.CancelFunc){
			"alive":     func(context.CancelFunc) {},
			"cancelled": func(cancel context.CancelFunc) { cancel() },
			"too late":  func(context.CancelFunc) { time.Sleep(2 * time.Second) },
		} {
			t.Run(name+" "+moment, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					engine := newEngine(t, openStore(t))
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					_, err := run(ctx, engine, payment("k"), func(context.Context) idempotency.Answer {
						end(cancel)
						return test.answer
					})
					ok(t, err)
					want := test.ended
					if moment == "alive" {
						want = test.alive
					}
					equal(t, "leaves", left(t, engine), want)
				})
			})
		}
	}
}

// TestMarkedAnswerIsReleased whatever it is, since the handler knows.
func TestMarkedAnswerIsReleased(t *testing.T) {
	for name, answer := range map[string]idempotency.Answer{
		"success":         {Verdict: idempotency.Record},
		"server's error":  {Verdict: idempotency.Record, ServerError: true},
		"unknown outcome": {Verdict: idempotency.Abandon},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := newEngine(t, openStore(t), reject)
				ctx, cancel := context.WithCancel(t.Context())
				_, err := run(ctx, engine, payment("k"), func(ctx context.Context) idempotency.Answer {
					executionOf(ctx).NoEffect()
					cancel()
					return answer
				})
				ok(t, err)
				equal(t, "leaves", left(t, engine), leavesNone)
			})
		})
	}
}

// TestDetachedHandlerOutlivesItsClient, so its errors are no echo.
func TestDetachedHandlerOutlivesItsClient(t *testing.T) {
	for name, test := range map[string]struct {
		limit time.Duration
		want  string
	}{
		"in time": {idempotency.Forever, leavesNone}, "over its own limit": {time.Second, leavesClaim},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := newEngine(t, openStore(t), all(idempotency.Policy{Detached: test.limit}))
				ctx, cancel := context.WithCancel(t.Context())
				_, err := run(ctx, engine, payment("k"), func(context.Context) idempotency.Answer {
					cancel()
					time.Sleep(2 * time.Second)
					return releasing().answer
				})
				ok(t, err)
				equal(t, "leaves", left(t, engine), test.want)
			})
		})
	}
}

// TestCallerGoneBeforeTheHandlerStarts leaves nothing, also under Reject: the
// handler did not run.
func TestCallerGoneBeforeTheHandlerStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t))
		ctx, cancel := context.WithCancel(t.Context())
		store.on(backendtest.OpClaim, func(int) backendtest.Fault {
			cancel() // the store still takes the claim
			return backendtest.Fault{}
		})
		engine := newEngine(t, lateCancel{store}, reject)
		w := recording("ran")
		_, err := run(ctx, engine, payment("k"), w.run)
		want(t, err, context.Canceled)
		equal(t, "runs", w.runs.Load(), 0)
		equal(t, "leaves", left(t, engine), leavesNone)
	})
}

// lateCancel is a store whose claims do not notice that their caller gave up.
type lateCancel struct{ *shaky }

func (s lateCancel) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, error) {
	return s.shaky.Claim(context.WithoutCancel(ctx), key, claim)
}
