package idempotency

import (
	"context"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// unclaimed deals with a claim that failed. It may have been applied, or arrive
// later, and would then block the key for a lease: it is released asynchronously,
// or abandoned if it replaced another one, which must not be forgotten.
func (a *attempt) unclaimed(ctx context.Context, err error, expired *backend.Record, handler Handler) (Result, error) {
	undo := finish{verdict: Release, unconfirmed: true}
	if expired.Attempt > 0 {
		undo.verdict = Abandon
	}
	a.execution.claim.number = 0
	failed := a.execution.event(EventStoreError)
	failed.Took, failed.Err = time.Since(a.sent), err
	switch {
	case errors.Is(err, backend.ErrCorrupt):
		a.engine.observers.tell(ctx, failed)
		return a.refuse(ctx, ErrOutcomeUnreadable.withCause(err))
	case ctx.Err() == nil && a.engine.failOpen:
		return a.runUnprotected(ctx, failed, undo, handler), nil
	}
	a.finishLater(err, undo)
	a.engine.observers.tell(ctx, failed)
	if ctx.Err() != nil {
		return Result{Waited: a.waited}, ctx.Err()
	}
	return a.refuse(ctx, ErrStore.withCause(err))
}

// runUnprotected runs the handler without a confirmed claim. If the claim exists
// after all, it ends as it would have: a retry then gets the answer.
func (a *attempt) runUnprotected(ctx context.Context, failed Event, end finish, handler Handler) Result {
	x := &a.execution
	a.prepare(ctx)
	defer func() {
		x.ctx.free()
		a.finishLater(failed.Err, end)
	}()
	a.engine.observers.tell(ctx, failed)
	open := x.event(EventFailedOpen)
	open.Err = failed.Err
	a.engine.observers.tell(ctx, open)
	end = finish{verdict: Abandon, unconfirmed: true} // should the handler panic
	answer := handler(x)
	end = ending(x, answer)
	end.unconfirmed = true
	return Result{Outcome: answer.Outcome, Waited: a.waited}
}

// finishLater ends a claim in the background, unless the store has said that it
// does not exist.
func (a *attempt) finishLater(err error, f finish) {
	if errors.Is(err, backend.ErrFull) || errors.Is(err, backend.ErrClosed) {
		return
	}
	a.engine.backlog.add(a.execution.operation.name, a.execution.claim, f)
}
