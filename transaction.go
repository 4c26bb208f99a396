package idempotency

import (
	"context"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// runInTransaction runs the handler in the transaction that holds the call's claim,
// and commits or rolls back as its answer asks for. The transaction ends however the
// handler leaves, also by a panic, which continues.
func (g *guardedCall) runInTransaction(ctx context.Context, handler func(context.Context) Answer) (result Result, err error) {
	h, observers := &g.handler, g.engine.observers
	g.prepareHandler(ctx)
	start := observers.now()
	var end finish // rolls back until the handler has answered
	defer func() {
		took := observers.since(start)
		finished := g.endTransaction(ctx, end)
		h.ctx.free()
		g.notifyRan(ctx, took, finished)
		if finished.Kind == EventCommitFailed {
			result, err = Result{Waited: g.waited}, g.notCommitted(ctx, finished)
		}
	}()
	g.notifyClaimed(ctx)
	if err := h.Err(); err != nil {
		return Result{Waited: g.waited}, err
	}
	answer := handler(g.transaction.Context(h))
	end = g.transactionFinish(answer)
	return Result{Outcome: answer.Outcome, Attempt: int(h.claim.attempt), Waited: g.waited}, nil
}

// transactionFinish returns how to finish the claim after the answer. An error
// without a cause is not recorded if the transaction has failed, since that is
// likely to be its cause: a deadlock, for example, ends with the transaction.
func (g *guardedCall) transactionFinish(answer Answer) finish {
	end := finishOf(&g.handler, answer)
	if answer.ServerError && g.transaction.Failed() {
		end.verdict = Abandon
	}
	if answer.Failed && g.handler.claim.policy.Transaction != backend.OneCommitKeepErrorWrites {
		g.transaction.DiscardWrites()
	}
	return end
}

// endTransaction commits or rolls back, with a context and timeout of its own, and
// returns the event to report. A rollback that fails is made by the database.
func (g *guardedCall) endTransaction(ctx context.Context, f finish) Event {
	start := time.Now()
	bounded := g.finishing.reset(context.WithoutCancel(ctx), start.Add(g.handler.claim.timeout))
	defer bounded.free()
	event := g.handler.event(EventRecorded)
	if f.verdict != Record {
		event.Kind, event.Err = EventReleased, g.transaction.Rollback(bounded)
	} else if err := g.transaction.Commit(bounded, f.outcome); err != nil {
		event.Kind, event.Err, event.Reason = EventCommitFailed, err, ReasonCommitUnknown
		if errors.Is(err, backend.ErrNotCommitted) {
			event.Reason = ReasonRolledBack
		}
	}
	event.Took = time.Since(start)
	return event
}

// notCommitted returns the refusal of a call whose transaction was not committed.
func (g *guardedCall) notCommitted(ctx context.Context, finished Event) *Error {
	refusal := &Error{Reason: finished.Reason, cause: finished.Err}
	return g.operation().complete(ctx, g.handler.call.Key, refusal)
}
