package idempotency_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/mark"
)

func fails(err error) func(context.Context) error { return func(context.Context) error { return err } }

// TestCommitFails: nothing of the answer is returned. A retry finds out what happened.
func TestCommitFails(t *testing.T) {
	rolledBack := errors.Join(backend.ErrNotCommitted, errDown)
	for name, test := range map[string]struct {
		fail      func(*bank)
		refusal   *idempotency.Error
		committed bool
	}{
		"rolled back":         {func(b *bank) { b.store.BeforeCommit = fails(rolledBack) }, idempotency.ErrRolledBack, false},
		"unknown, not stored": {func(b *bank) { b.store.BeforeCommit = fails(errDown) }, idempotency.ErrCommitUnknown, false},
		"unknown, stored":     {func(b *bank) { b.store.AfterCommit = fails(errDown) }, idempotency.ErrCommitUnknown, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBank(t, idempotency.Policy{RetryAfter: 3 * time.Second}, idempotency.WithFailOpen())
			test.fail(b)
			result, err := b.pay("k", "payment")
			want(t, err, test.refusal)
			want(t, err, errDown)
			equal(t, "answer", result.Outcome == nil && !result.Replayed && result.Attempt == 0, true)
			refusal, _ := errors.AsType[*idempotency.Error](err)
			equal(t, "retry after", refusal.RetryAfter, 3*time.Second)
			equal(t, "next", refusal.Next(), idempotency.NextRetrySameKey)
			equal(t, "says that it had no effect", mark.Matches(refusal.Mark, operation, "k"), test.refusal == idempotency.ErrRolledBack)

			failed := b.seen.of(idempotency.EventCommitFailed)
			equal(t, "events", len(failed), 1)
			equal(t, "reason", failed[0].Reason, test.refusal.Reason)
			want(t, failed[0].Err, errDown)
			b.saw("claimed", "ran", "commit_failed")

			b.store.BeforeCommit, b.store.AfterCommit = nil, nil
			if test.committed {
				b.wrote("payment")
				replays(t, b.engine, payment("k"), "payment")
				return
			}
			b.wrote()
			b.runs("k", 1)
		})
	}
}

// TestCommitHasATimeOfItsOwn: a client that hangs up does not end it.
func TestCommitHasATimeOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, idempotency.Policy{}, idempotency.WithLimits(idempotency.Limits{StoreTimeout: 7 * time.Second}))
		b.store.BeforeCommit = func(ctx context.Context) error {
			<-ctx.Done()
			return errors.Join(backend.ErrNotCommitted, ctx.Err())
		}
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		_, err := run(ctx, b.engine, payment("k"), func(context.Context) idempotency.Answer {
			cancel()
			return recorded("paid")
		})
		want(t, err, idempotency.ErrRolledBack)
		took(t, start, 7*time.Second)
		equal(t, "took", b.seen.of(idempotency.EventCommitFailed)[0].Took, 7*time.Second)
	})
}

// TestRollbackFails: the database will roll back, so the answer stands.
func TestRollbackFails(t *testing.T) {
	b := newBank(t, idempotency.Policy{})
	b.store.BeforeRollback = fails(errDown)
	result, err := run(t.Context(), b.engine, payment("k"), b.pays("payment", idempotency.Answer{Verdict: idempotency.Release, Outcome: []byte("later")}))
	ok(t, err)
	equal(t, "answer", string(result.Outcome), "later")
	released := b.seen.of(idempotency.EventReleased)
	equal(t, "events", len(released), 1)
	want(t, released[0].Err, errDown)
	b.wrote()
}

// TestBeginFails: nothing runs, also with an engine that fails open, and nothing is
// released in the background.
func TestBeginFails(t *testing.T) {
	for failure, refusal := range map[error]error{
		errDown: idempotency.ErrStore, backend.ErrCorrupt: idempotency.ErrOutcomeUnreadable,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBank(t, idempotency.Policy{Wait: time.Minute}, idempotency.WithFailOpen())
			b.store.BeforeBegin = fails(failure)
			start := time.Now()
			refused(t, b.engine, payment("k"), refusal)
			took(t, start, 0)
			b.saw("store_error", "refused")
			time.Sleep(time.Hour)
			b.saw()
			b.store.BeforeBegin = nil
			b.runs("k", 1)
		})
	}
}

func TestCallerLeavesDuringBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, idempotency.Policy{})
		b.store.BeforeBegin = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w := recording("ran")
		_, err := run(ctx, b.engine, payment("k"), w.run)
		want(t, err, context.DeadlineExceeded)
		equal(t, "runs", w.runs.Load(), 0)
		b.saw("store_error")
	})
}

// TestLeaseDuringATransaction: a call of a process that does not use transactions yet
// wins, and the transaction is rolled back.
func TestLeaseDuringATransaction(t *testing.T) {
	b := newBank(t, idempotency.Policy{})
	leased := newEngine(t, b.store)
	_, err := run(t.Context(), b.engine, payment("k"), func(ctx context.Context) idempotency.Answer {
		starts(t, leased, payment("k"), recording("by lease"), 1)
		return b.pays("payment", recorded("in a transaction"))(ctx)
	})
	want(t, err, idempotency.ErrRolledBack)
	b.wrote()
	replays(t, b.engine, payment("k"), "by lease")
}
