package idempotency_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/txtest"
)

// TestTransactionEndsAsTheAnswerSays: with both, one or none of what the handler wrote
// and what it answered.
func TestTransactionEndsAsTheAnswerSays(t *testing.T) {
	record, release, abandon := idempotency.Record, idempotency.Release, idempotency.Abandon
	for name, test := range map[string]struct {
		answer   idempotency.Answer
		failed   bool // a statement of the handler has failed
		mode     backend.TransactionMode
		recorded bool
		written  bool
		refusal  error
		event    string
	}{
		"success":              {answer: idempotency.Answer{Verdict: record}, recorded: true, written: true, event: "recorded"},
		"not kept":             {answer: idempotency.Answer{Verdict: record, NotKept: true}, recorded: true, written: true, event: "recorded"},
		"error":                {answer: idempotency.Answer{Verdict: record, Failed: true}, recorded: true, event: "recorded"},
		"error, keep":          {answer: idempotency.Answer{Verdict: record, Failed: true}, mode: backend.OneCommitKeepErrorWrites, recorded: true, written: true, event: "recorded"},
		"server error":         {answer: idempotency.Answer{Verdict: record, Failed: true, ServerError: true}, recorded: true, event: "recorded"},
		"release":              {answer: idempotency.Answer{Verdict: release, Failed: true}, event: "released"},
		"abandon":              {answer: idempotency.Answer{Verdict: abandon, Failed: true}, event: "released"},
		"abandon, keep":        {answer: idempotency.Answer{Verdict: abandon, Failed: true}, mode: backend.OneCommitKeepErrorWrites, event: "released"},
		"no effect":            {answer: idempotency.Answer{Verdict: record, NoEffect: true}, event: "released"},
		"failed, success":      {answer: idempotency.Answer{Verdict: record}, failed: true, refusal: idempotency.ErrRolledBack, event: "commit_failed"},
		"failed, error":        {answer: idempotency.Answer{Verdict: record, Failed: true}, failed: true, recorded: true, event: "recorded"},
		"failed, error, keep":  {answer: idempotency.Answer{Verdict: record, Failed: true}, failed: true, mode: backend.OneCommitKeepErrorWrites, refusal: idempotency.ErrRolledBack, event: "commit_failed"},
		"failed, server error": {answer: idempotency.Answer{Verdict: record, Failed: true, ServerError: true}, failed: true, event: "released"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBank(t, idempotency.Policy{Transaction: test.mode})
				test.answer.Outcome = []byte("answer")
				result, err := run(t.Context(), b.engine, payment("k"), func(ctx context.Context) idempotency.Answer {
					ok(t, txtest.Write(ctx, "payment"))
					if test.failed && txtest.Write(ctx, "payment") == nil {
						t.Error("the statement did not fail")
					}
					return test.answer
				})
				want(t, err, test.refusal)
				if test.refusal == nil {
					equal(t, "answer", string(result.Outcome), "answer")
					equal(t, "attempt", result.Attempt, 1)
				} else {
					equal(t, "answer of a refused call", result.Outcome == nil, true)
				}
				if test.written {
					b.wrote("payment")
				} else {
					b.wrote()
				}
				b.saw("claimed", "ran", test.event)
				switch {
				case test.answer.NotKept:
					refused(t, b.engine, payment("k"), idempotency.ErrOutcomeNotKept)
				case test.recorded:
					replays(t, b.engine, payment("k"), "answer")
				default:
					b.runs("k", 1)
				}
			})
		})
	}
}

// TestHandlerThatDoesNotReturnIsRolledBack, and its panic continues.
func TestHandlerThatDoesNotReturnIsRolledBack(t *testing.T) {
	for name, leave := range map[string]func(){"panic": func() { panic("boom") }, "goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBank(t, idempotency.Policy{OnAbandoned: idempotency.Reject})
				left := make(chan any)
				go func() {
					defer func() { left <- recover() }()
					_, _ = run(t.Context(), b.engine, payment("k"), func(ctx context.Context) idempotency.Answer {
						ok(t, txtest.Write(ctx, "payment"))
						leave()
						return recorded("paid")
					})
				}()
				if recovered := <-left; (recovered != nil) != (name == "panic") {
					t.Errorf("recovered %v", recovered)
				}
				b.wrote()
				b.saw("claimed", "ran", "released")
				b.runs("k", 1)
			})
		})
	}
}

func TestPanickingObserverRollsBack(t *testing.T) {
	for kind, recorded := range map[idempotency.EventKind]bool{
		idempotency.EventClaimed: false, idempotency.EventRan: true, idempotency.EventRecorded: true,
	} {
		b := newBank(t, idempotency.Policy{}, idempotency.WithObserver(exploding(kind)))
		func() {
			defer func() { equal(t, "panic", recover(), any("observer")) }()
			_, _ = b.pay("k", "payment")
		}()
		if recorded {
			b.wrote("payment")
		} else {
			b.wrote()
		}
	}
}

// TestNoEffectOfTheHandlerRollsBack what it wrote before it said so.
func TestNoEffectOfTheHandlerRollsBack(t *testing.T) {
	b := newBank(t, idempotency.Policy{})
	_, err := run(t.Context(), b.engine, payment("k"), func(ctx context.Context) idempotency.Answer {
		executionOf(ctx).NoEffect()
		return b.pays("payment", recorded("paid"))(ctx)
	})
	ok(t, err)
	b.wrote()
	b.runs("k", 1)
}

func TestShorterRetentionInATransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, idempotency.Policy{})
		_, err := run(t.Context(), b.engine, payment("k"), func(ctx context.Context) idempotency.Answer {
			executionOf(ctx).ShortenRetention(time.Minute)
			return b.pays("payment", recorded("paid"))(ctx)
		})
		ok(t, err)
		time.Sleep(time.Minute - time.Nanosecond)
		replays(t, b.engine, payment("k"), "paid")
		time.Sleep(time.Nanosecond)
		b.runs("k", 1)
		b.wrote("payment")
	})
}

// TestTransactionNeedsNoHeartbeat, however long the handler runs.
func TestTransactionNeedsNoHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, idempotency.Policy{})
		_, err := run(t.Context(), b.engine, payment("k"), func(ctx context.Context) idempotency.Answer {
			time.Sleep(100 * lease)
			ok(t, ctx.Err())
			refused(t, b.engine, payment("k"), idempotency.ErrInProgress)
			return b.pays("payment", recorded("paid"))(ctx)
		})
		ok(t, err)
		b.wrote("payment")
		replays(t, b.engine, payment("k"), "paid")
	})
}

// TestClientHangsUpInATransaction: the answer decides, as without one. An answer that
// is the echo of the cancellation rolls back.
func TestClientHangsUpInATransaction(t *testing.T) {
	for name, test := range map[string]struct {
		answer   idempotency.Answer
		detached time.Duration
		recorded bool
	}{
		"success":                {idempotency.Answer{Verdict: idempotency.Record}, 0, true},
		"server error":           {idempotency.Answer{Verdict: idempotency.Record, ServerError: true, Failed: true}, 0, false},
		"server error, detached": {idempotency.Answer{Verdict: idempotency.Record, ServerError: true, Failed: true}, time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBank(t, idempotency.Policy{Detached: test.detached})
				ctx, cancel := context.WithCancel(t.Context())
				_, err := run(ctx, b.engine, payment("k"), func(ctx context.Context) idempotency.Answer {
					cancel()
					equal(t, "alive", ctx.Err() == nil, test.detached > 0)
					equal(t, "in a transaction", txtest.InTransaction(ctx), true)
					test.answer.Outcome = []byte("answer")
					return test.answer
				})
				ok(t, err)
				if test.recorded {
					replays(t, b.engine, payment("k"), "answer")
				} else {
					b.runs("k", 1)
				}
			})
		})
	}
}

// TestCallerGoneBeforeTheHandlerStarts: nothing runs, and no transaction stays open.
func TestCallerGoneBeforeTheHandlerStartsInATransaction(t *testing.T) {
	b := newBank(t, idempotency.Policy{})
	ctx, cancel := context.WithCancel(t.Context())
	leaving := leavingObserver{idempotency.EventClaimed, cancel}
	engine := newEngine(t, b.store, all(idempotency.Policy{Transaction: backend.OneCommit}), idempotency.WithObserver(leaving), idempotency.WithObserver(b.seen))
	w := recording("ran")
	_, err := run(ctx, engine, payment("k"), w.run)
	want(t, err, context.Canceled)
	equal(t, "runs", w.runs.Load(), 0)
	b.saw("claimed", "ran", "released")
	b.runs("k", 1)
}

// leavingObserver hangs up at one kind of event.
type leavingObserver struct {
	kind  idempotency.EventKind
	leave func()
}

func (o leavingObserver) Observe(_ context.Context, event idempotency.Event) {
	if event.Kind == o.kind {
		o.leave()
	}
}

// TestTakeoverInATransaction of a claim that a process left behind under a lease. A
// rollback leaves it as it was.
func TestTakeoverInATransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, idempotency.Policy{})
		crash(t, b.store.Store, payment("k"))
		time.Sleep(lease)
		for _, answer := range []idempotency.Answer{{Verdict: idempotency.Release}, {Verdict: idempotency.Abandon}, recorded("paid")} {
			_, err := run(t.Context(), b.engine, payment("k"), func(ctx context.Context) idempotency.Answer {
				equal(t, "recovered", executionOf(ctx).Recovered, true)
				equal(t, "attempt", executionOf(ctx).Attempt, 2)
				return b.pays("payment", answer)(ctx)
			})
			ok(t, err)
		}
		b.wrote("payment")
		b.saw("taken_over", "ran", "released", "taken_over", "ran", "released", "taken_over", "ran", "recorded")
		replays(t, b.engine, payment("k"), "paid")
	})
}

func TestAbandonedLeaseIsRejectedInATransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, idempotency.Policy{OnAbandoned: idempotency.Reject})
		crash(t, b.store.Store, payment("k"))
		refused(t, b.engine, payment("k"), idempotency.ErrInProgress)
		time.Sleep(lease)
		refused(t, b.engine, payment("k"), idempotency.ErrOutcomeUnknown)
	})
}

// TestNestedGuardsInATransaction have one transaction, whichever engine is inside.
func TestNestedGuardsInATransaction(t *testing.T) {
	for name, inside := range map[string]func(*bank) *idempotency.Engine{
		"one engine":        func(b *bank) *idempotency.Engine { return b.engine },
		"two engines":       func(b *bank) *idempotency.Engine { return newBankOn(b, b.store, b.store, idempotency.Policy{}).engine },
		"inside by a lease": func(b *bank) *idempotency.Engine { return newEngine(b, b.store) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBank(t, idempotency.Policy{Wait: time.Hour})
			inner := inside(b)
			for _, answer := range []idempotency.Answer{{Verdict: idempotency.Release}, recorded("outer")} {
				_, err := run(t.Context(), b.engine, payment("k"), func(ctx context.Context) idempotency.Answer {
					result, err := run(ctx, inner, payment("k"), b.pays("payment", recorded("inner")))
					ok(t, err)
					equal(t, "inner", string(result.Outcome), "inner")
					b.wrote()
					return answer
				})
				ok(t, err)
			}
			b.wrote("payment")
			replays(t, b.engine, payment("k"), "outer")
			equal(t, "records", b.store.Len(), 1)
		})
	}
}

// TestOtherKeyInsideIsATransactionOfItsOwn, and stays if the outer one is rolled back.
func TestOtherKeyInsideIsATransactionOfItsOwn(t *testing.T) {
	b := newBank(t, idempotency.Policy{})
	_, err := run(t.Context(), b.engine, payment("outer"), func(ctx context.Context) idempotency.Answer {
		ok(t, txtest.Write(ctx, "outer"))
		_, err := run(ctx, b.engine, payment("inner"), b.pays("inner", recorded("inner")))
		ok(t, err)
		return idempotency.Answer{Verdict: idempotency.Release}
	})
	ok(t, err)
	b.wrote("inner")
	replays(t, b.engine, payment("inner"), "inner")
	b.runs("outer", 1)
}

func TestDoInATransaction(t *testing.T) {
	b := newBank(t, idempotency.Policy{})
	do := func(failure error) (idempotency.Result, error) {
		return b.engine.Do(t.Context(), "job", idempotency.Call{Key: "k"}, func(ctx context.Context) ([]byte, error) {
			ok(t, txtest.Write(ctx, "job"))
			return []byte("done"), failure
		})
	}
	_, err := do(errDown)
	want(t, err, errDown)
	b.wrote()
	result, err := do(nil)
	ok(t, err)
	equal(t, "attempt", result.Attempt, 1)
	b.wrote("job")
	result, err = do(nil)
	ok(t, err)
	equal(t, "replayed", result.Replayed, true)
}

// TestTransactionPolicy: the most specific policy that says something applies.
func TestTransactionPolicy(t *testing.T) {
	b := newBank(t, idempotency.Policy{},
		idempotency.WithPolicy("/bank.v1.Bank/Report", idempotency.Policy{Transaction: backend.NoTransaction}),
		idempotency.WithPolicy("/bank.v1.Bank/Pay", idempotency.Policy{Wait: time.Second}))
	for name, test := range map[string]struct {
		schema idempotency.Policy
		want   bool
	}{
		"/bank.v1.Bank/Pay":    {want: true},
		"/bank.v1.Bank/Refund": {want: true},
		"/bank.v1.Bank/Report": {want: false},
		"/bank.v1.Bank/Log":    {schema: idempotency.Policy{Transaction: backend.NoTransaction}, want: false},
	} {
		_, err := b.engine.Operation(name, test.schema).Run(t.Context(), idempotency.Call{Key: "k"}, func(ctx context.Context) idempotency.Answer {
			equal(t, name, txtest.InTransaction(ctx), test.want)
			return recorded("answer")
		})
		ok(t, err)
	}
}

// TestStoreWithoutTransactions: a policy that wants them never runs without.
func TestStoreWithoutTransactions(t *testing.T) {
	inTransaction := idempotency.Policy{Transaction: backend.OneCommit}
	for _, operations := range []string{"*", "/bank.v1.Bank/", "/bank.v1.Bank/Pay"} {
		_, err := idempotency.New(openStore(t), idempotency.WithPolicy(operations, inTransaction))
		if err == nil || !strings.Contains(err.Error(), "memstore") {
			t.Errorf("a policy for %q: %v", operations, err)
		}
	}
	engine := newEngine(t, openStore(t), idempotency.WithFailOpen())
	w := recording("ran")
	_, err := engine.Operation(operation, inTransaction).Run(t.Context(), idempotency.Call{Key: "k"}, w.run)
	want(t, err, idempotency.ErrStore)
	equal(t, "runs", w.runs.Load(), 0)
}

func TestUnknownTransactionModeIsInvalid(t *testing.T) {
	if _, err := idempotency.New(txtest.New(), all(idempotency.Policy{Transaction: backend.OneCommitKeepErrorWrites + 1})); err == nil {
		t.Error("an unknown mode is valid")
	}
}
