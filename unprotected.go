package idempotency

import (
	"context"
	"errors"

	"github.com/oncewire/idempotency/backend"
)

// runUnprotected runs the handler without a confirmed claim. If the store applied
// the claim after all, it is finished like a confirmed one, so that a retry gets
// the answer.
func (g *guardedCall) runUnprotected(ctx context.Context, failed *failedClaim, handler func(context.Context) Answer) Result {
	h := &g.handler
	end := failed.undo
	g.prepareHandler(ctx)
	defer func() {
		h.ctx.free()
		g.finishLater(failed.event.Err, end)
	}()
	g.engine.observers.notify(ctx, failed.event)
	event := h.event(EventFailedOpen)
	event.Err = failed.event.Err
	g.engine.observers.notify(ctx, event)
	end = finish{verdict: Abandon, unconfirmed: true} // if the handler panics
	answer := handler(h)
	end = finishOf(h, answer)
	end.unconfirmed = true
	return Result{Outcome: answer.Outcome, Waited: g.waited}
}

// finishLater finishes a claim in the background, unless the store said that the
// claim does not exist.
func (g *guardedCall) finishLater(err error, f finish) {
	if errors.Is(err, backend.ErrFull) || errors.Is(err, backend.ErrClosed) {
		return
	}
	g.engine.retries.add(g.handler.claim, f)
}
