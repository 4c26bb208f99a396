package idempotency

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Handler runs the operation behind a claim and says what it answered. Its
// context carries the claim (see [FromContext]) and is cancelled with
// [ErrClaimLost] as its cause when the claim's lease is lost.
type Handler func(context.Context) Answer

// Run guards one call for an adapter: it claims the call's key and runs the
// handler, or returns the outcome of the call that did. A call whose key is
// empty runs unguarded. A call whose context already carries the claim of this
// very record, because two guards stand around one handler, runs under it.
//
// What the handler answered is recorded on a context and a time of its own: a
// client that hangs up cancels the handler, not the recording. A panic in the
// handler abandons the claim and goes on unchanged. When the store does not
// take the recording, the answer still stands and the recording is retried in
// the background, while the claim is kept alive.
//
// An error is a refusal, and then the handler did not run: an [*Error], or the
// context's own error when the caller gave up first.
func (e *Engine) Run(ctx context.Context, call Call, handler Handler) (Result, error) {
	if call.Key == "" {
		return Result{Outcome: handler(ctx).Outcome}, nil
	}
	a := &attempt{engine: e, call: call}
	if err := a.identify(ctx); err != nil {
		return a.refuse(ctx, err)
	}
	return a.settle(ctx, handler)
}

// maxTakeovers bounds the expired claims that a call goes after, each of which
// another call took over first and let expire again.
const maxTakeovers = 100

// settle claims until the record says what the call gets. Every turn either
// ends, waits within its bound, or follows a record that another call changed.
func (a *attempt) settle(ctx context.Context, handler Handler) (Result, error) {
	patience := patience{maxWait: a.claim.policy.Wait}
	defer patience.leave(a)
	var expired backend.Record // to take over; none at first
	bounded := &a.claiming
	for takeovers := 0; ; bounded = new(lazyContext) {
		a.since = time.Now()
		record, err := a.acquire(bounded.until(ctx, a.since.Add(a.claim.timeout)), &expired)
		if err != nil {
			return a.unclaimed(ctx, err, &expired, handler)
		}
		expired = backend.Record{}
		a.claim.number = record.Attempt
		step, refusal := a.next(ctx, &record)
		switch {
		case step == stepRun:
			patience.leave(a)
			return a.run(ctx, handler), nil
		case step == stepNested:
			return Result{Outcome: handler(ctx).Outcome, Attempt: int(record.Attempt), Waited: a.waited}, nil
		case step == stepReplay:
			return a.replay(ctx, &record)
		case step == stepTakeOver && takeovers < maxTakeovers:
			takeovers++
			expired = record
		case step == stepWait && patience.wait(ctx, a, &record):
		default:
			return a.refuse(ctx, refusal)
		}
	}
}

func (a *attempt) acquire(bounded *lazyContext, expired *backend.Record) (backend.Record, error) {
	defer bounded.free()
	return a.claim.acquire(bounded, a.call.Fingerprint, expired)
}

// run runs the handler under the claim. Whatever way the handler leaves, also
// by a panic, which is not touched here, the claim is finished before observers
// are told.
func (a *attempt) run(ctx context.Context, handler Handler) Result {
	a.prepare(ctx)
	heart := a.engine.startHeart(a)
	start := a.engine.watch()
	ended := a.ending(a, Answer{Verdict: Release}) // until the handler starts
	defer func() {
		ran := a.event(EventRan)
		ran.Took = a.engine.since(start)
		a.engine.stopHeart(heart, ended.verdict)
		finished := a.finish(ctx, ended)
		a.free()
		a.engine.tell(ctx, ran)
		if finished.Kind != 0 {
			a.engine.tell(ctx, finished)
		}
	}()
	a.engine.tellClaim(ctx, a)
	ended = finish{verdict: Abandon} // should the handler panic
	answer := handler(a)
	ended = a.ending(a, answer)
	return Result{Outcome: answer.Outcome, Attempt: int(a.claim.number), Waited: a.waited}
}
