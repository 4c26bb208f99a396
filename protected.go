package idempotency

import (
	"context"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// runProtected runs the handler under the call's claim. However the handler
// leaves, also by a panic, which continues, the claim is finished before
// observers are notified of it.
//
// A caller that gave up before the handler started gets the context's own error,
// and its claim is released, since nothing ran.
func (g *guardedCall) runProtected(ctx context.Context, handler func(context.Context) Answer) (result Result, err error) {
	h, observers := &g.handler, g.engine.observers
	g.prepareHandler(ctx)
	heartbeat := g.engine.heartbeats.start(h, g.sent)
	start := observers.now()
	end := finishOf(h, Answer{NoEffect: true}) // until the handler starts
	defer func() {
		took := observers.since(start)
		finishing := g.startFinish(ctx)
		if joined := h.joined.Load(); joined != nil {
			end = g.settle(finishing, joined, end, &result)
		}
		heartbeat.stop(&end)
		finished := g.finish(finishing, end)
		finishing.free()
		h.ctx.free()
		g.notifyRan(ctx, took, finished)
	}()
	g.notifyClaimed(ctx)
	if err := h.Err(); err != nil {
		return Result{Waited: g.waited}, err
	}
	end = finish{verdict: Abandon} // if the handler panics
	answer := handler(h)
	end = finishOf(h, answer)
	return Result{Outcome: answer.Outcome, Attempt: int(h.claim.attempt), Waited: g.waited}, nil
}

func (g *guardedCall) notifyClaimed(ctx context.Context) {
	if len(g.engine.observers) == 0 {
		return
	}
	event := g.handler.event(EventClaimed)
	if event.Attempt > 1 {
		event.Kind = EventTakenOver
	}
	event.Took = g.engine.observers.since(g.sent)
	g.engine.observers.notify(ctx, event)
}

// notifyRan reports how long the handler ran, and how its claim was finished.
func (g *guardedCall) notifyRan(ctx context.Context, ran time.Duration, finished Event) {
	if len(g.engine.observers) == 0 {
		return
	}
	event := g.handler.event(EventRan)
	event.Took = ran
	g.engine.observers.notify(ctx, event)
	if finished.Kind != 0 {
		g.engine.observers.notify(ctx, finished)
	}
}

// startFinish returns the context in which the claim is finished. It has a timeout of
// its own, since the client may have hung up.
func (g *guardedCall) startFinish(ctx context.Context) *lazyContext {
	g.handler.answered.Store(true)
	deadline := time.Now().Add(g.handler.claim.shortTimeout())
	return g.finishing.reset(context.WithoutCancel(ctx), deadline)
}

// finish finishes the claim, and returns the event to report, if any. If the store
// fails, the finish is retried in the background, so that a store that hangs
// delays the answer by at most one timeout.
func (g *guardedCall) finish(ctx context.Context, f finish) Event {
	h, claim := &g.handler, g.handler.claim
	if joined := h.joined.Load(); joined != nil {
		claim.store = joined.tx.Store()
	}
	start := time.Now()
	err := claim.finish(ctx, f)
	event := h.event(f.kind())
	switch {
	case err == nil:
		event.Took = g.engine.observers.since(start)
	case errors.Is(err, backend.ErrClaimLost):
		event.Kind, event.Err = EventLeaseLost, err
		if errors.Is(context.Cause(h), ErrClaimLost) {
			event.Kind = 0 // the heartbeat reported it already
		}
	default:
		event.Kind, event.Err, event.Took = EventFinishFailed, err, time.Since(start)
		g.engine.retries.add(claim, f)
	}
	return event
}
