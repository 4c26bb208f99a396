package idempotency

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

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
func (o Operation) Run(ctx context.Context, call Call, handler Handler) (Result, error) {
	if call.Key == "" {
		return Result{Outcome: handler(ctx).Outcome}, nil
	}
	a := &attempt{engine: o.engine, execution: execution{operation: o, call: call}}
	if refusal := a.identify(ctx); refusal != nil {
		return a.refuse(ctx, refusal)
	}
	return a.settle(ctx, handler)
}

// maxTakeovers bounds the expired claims that a call goes after, each of which
// another call took over first and let expire again.
const maxTakeovers = 100

// settle claims until the record says what the call gets. Every turn either
// ends, waits within its bound, or follows a record that another call changed.
func (a *attempt) settle(ctx context.Context, handler Handler) (Result, error) {
	x := &a.execution
	patience := patience{maxWait: x.claim.policy.Wait, key: x.claim.key, waiter: a.engine.waiter, all: &a.engine.waiters}
	defer patience.leave()
	var expired backend.Record // to take over; none at first
	bounded := &a.claiming
	for takeovers := 0; ; bounded = new(lazyContext) {
		a.waited, a.sent = patience.waited, time.Now()
		record, err := a.acquire(bounded.until(ctx, a.sent.Add(x.claim.timeout)), &expired)
		if err != nil {
			return a.unclaimed(ctx, err, &expired, handler)
		}
		expired = backend.Record{}
		x.claim.number = record.Attempt
		step, refusal := a.next(ctx, &record)
		switch {
		case step == stepRun:
			patience.leave()
			return a.runProtected(ctx, handler)
		case step == stepNested:
			return Result{Outcome: handler(ctx).Outcome, Attempt: int(record.Attempt), Waited: a.waited}, nil
		case step == stepReplay:
			return a.replay(ctx, &record)
		case step == stepTakeOver && takeovers < maxTakeovers:
			takeovers++
			expired = record
		case step == stepWait && patience.wait(ctx, &record):
		default:
			a.waited = patience.waited
			return a.refuse(ctx, refusal)
		}
	}
}

func (a *attempt) acquire(bounded *lazyContext, expired *backend.Record) (backend.Record, error) {
	defer bounded.free()
	return a.execution.claim.acquire(bounded, a.execution.call.Fingerprint, expired)
}

// next asks the state machine.
func (a *attempt) next(ctx context.Context, record *backend.Record) (step, *Error) {
	x := &a.execution
	f := finding{record: record, own: record.Token == x.claim.token, abandons: x.claim.policy.OnAbandoned}
	if f.own {
		return f.next()
	}
	f.same = sameRequest(x.call.Fingerprint, x.call.Rehasher, record.Fingerprint)
	if record.State == backend.Running {
		innermost(ctx).each(func(outer *execution) { f.nested = f.nested || outer.claim.token == record.Token })
	}
	return f.next()
}
