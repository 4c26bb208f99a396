package idempotency

import (
	"context"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// runProtected runs the handler under the claim. Whatever way the handler leaves,
// also by a panic, which is not touched here, the claim is finished before
// observers are told.
//
// A caller that gave up before the handler started gets the context's own error,
// and its claim is released: nothing ran.
func (a *attempt) runProtected(ctx context.Context, handler Handler) (Result, error) {
	x, observers := &a.execution, a.engine.observers
	a.prepare(ctx)
	heartbeat := a.engine.heartbeats.start(x, a.sent)
	start := observers.now()
	end := ending(x, Answer{NoEffect: true}) // until the handler starts
	defer func() {
		took := observers.since(start)
		heartbeat.stop(end.verdict)
		finished := a.finish(ctx, end)
		x.ctx.free()
		a.tellEnd(ctx, took, finished)
	}()
	a.tellClaim(ctx)
	if err := x.Err(); err != nil {
		return Result{Waited: a.waited}, err
	}
	end = finish{verdict: Abandon} // should the handler panic
	answer := handler(x)
	end = ending(x, answer)
	return Result{Outcome: answer.Outcome, Attempt: int(x.claim.number), Waited: a.waited}, nil
}

func (a *attempt) tellClaim(ctx context.Context) {
	if len(a.engine.observers) == 0 {
		return
	}
	event := a.execution.event(EventClaimed)
	if event.Attempt > 1 {
		event.Kind = EventTakenOver
	}
	event.Took = a.engine.observers.since(a.sent)
	a.engine.observers.tell(ctx, event)
}

// tellEnd tells how long the handler ran, and how its claim ended.
func (a *attempt) tellEnd(ctx context.Context, ran time.Duration, finished Event) {
	if len(a.engine.observers) == 0 {
		return
	}
	event := a.execution.event(EventRan)
	event.Took = ran
	a.engine.observers.tell(ctx, event)
	if finished.Kind != 0 {
		a.engine.observers.tell(ctx, finished)
	}
}

// finish ends the claim on a context and a time of its own, since the client may
// have hung up, and returns what observers are to be told, if anything. What the
// store does not take is left to the backlog, so that a store that hangs delays
// the answer by one timeout at most.
func (a *attempt) finish(ctx context.Context, f finish) Event {
	x := &a.execution
	start := time.Now()
	bounded := a.finishing.until(context.WithoutCancel(ctx), start.Add(x.claim.brief()))
	defer bounded.free()
	err := x.claim.finish(bounded, f)
	event := x.event(f.kind())
	switch {
	case err == nil:
		event.Took = a.engine.observers.since(start)
	case errors.Is(err, backend.ErrClaimLost):
		event.Kind, event.Err = EventLeaseLost, err
		if errors.Is(context.Cause(x), ErrClaimLost) {
			event.Kind = 0 // the heartbeat has told it already
		}
	default:
		event.Kind, event.Err, event.Took = EventFinishFailed, err, time.Since(start)
		a.engine.backlog.add(x.operation.name, x.claim, f)
	}
	return event
}
