package idempotency

import (
	"context"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// unclaimed deals with a claim that failed. It may have been applied, or arrive
// later, and would then block the key for a lease: it is released
// asynchronously, or abandoned if it replaced another one, which must not be
// forgotten.
func (a *attempt) unclaimed(ctx context.Context, err error, expired *backend.Record, handler Handler) (Result, error) {
	undo := finish{verdict: Release, unconfirmed: true}
	if expired.Attempt > 0 {
		undo.verdict = Abandon
	}
	a.claim.number = 0
	failed := a.event(EventStoreError)
	failed.Took, failed.Err = time.Since(a.since), err
	switch {
	case errors.Is(err, backend.ErrCorrupt):
		a.engine.tell(ctx, failed)
		return a.refuse(ctx, ErrOutcomeUnreadable.withCause(err))
	case ctx.Err() == nil && a.engine.failOpen:
		return a.runUnprotected(ctx, failed, undo, handler), nil
	}
	a.undo(err, undo)
	a.engine.tell(ctx, failed)
	if ctx.Err() != nil {
		return Result{Waited: a.waited}, ctx.Err()
	}
	return a.refuse(ctx, ErrStore.withRetryAfter(a.engine.retryAfter).withCause(err))
}

// runUnprotected runs the handler without a confirmed claim. If the claim exists
// after all, it ends as it would have: a retry then gets the answer.
func (a *attempt) runUnprotected(ctx context.Context, failed Event, ended finish, handler Handler) Result {
	a.prepare(ctx)
	defer func() {
		a.free()
		a.undo(failed.Err, ended)
	}()
	a.engine.tell(ctx, failed)
	open := a.event(EventFailedOpen)
	open.Err = failed.Err
	a.engine.tell(ctx, open)
	ended = finish{verdict: Abandon, unconfirmed: true} // should the handler panic
	answer := handler(a)
	ended = a.ending(a, answer)
	ended.unconfirmed = true
	return Result{Outcome: answer.Outcome, Waited: a.waited}
}

// undo ends a claim that may exist in the background.
func (a *attempt) undo(err error, f finish) {
	if !refused(err) {
		a.engine.backlog.add(a.call.Operation, a.claim, f)
	}
}

// refused tells the errors with which a store says that it did not claim.
func refused(err error) bool {
	return errors.Is(err, backend.ErrFull) || errors.Is(err, backend.ErrClosed)
}
