package idempotency

import (
	"context"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Handler runs the operation behind a claim and says what it answered. Its
// context carries the claim (see [FromContext]) and is cancelled with
// [ErrClaimLost] as its cause when the claim's lease is lost.
type Handler func(context.Context) Answer

// Run guards one call for an adapter: it claims the call's key and runs the
// handler, or returns the outcome of the call that did. A call whose key is
// empty runs unguarded.
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
	a := &attempt{engine: e, policy: e.PolicyFor(call.Operation), call: call}
	if err := a.identify(ctx); err != nil {
		return a.refuse(ctx, err)
	}
	return a.settle(ctx, handler)
}

// attempt is one call's way through the engine.
type attempt struct {
	lazyContext // the handler's

	// The two steps of every call have theirs in here, to cost nothing more.
	claiming, finishing lazyContext

	engine *Engine
	policy *Policy
	call   Call
	scope  string
	key    backend.Key
	token  backend.Token
	number uint32
	wishes wishes        // of the handler
	since  time.Time     // when the claim was sent
	waited time.Duration // for another call
}

func (a *attempt) identify(ctx context.Context) (err error) {
	if a.engine.scope != nil {
		if a.scope, err = a.engine.scope(ctx); err != nil {
			return ErrScopeUnknown.because(err)
		}
	}
	a.key = a.engine.address(a.scope, &a.call)
	a.token = newToken()
	return nil
}

// settle claims until the record says what the call gets. Every turn either
// ends, waits within its bound, or follows a record that another call changed.
func (a *attempt) settle(ctx context.Context, handler Handler) (Result, error) {
	patience := patience{most: a.policy.Wait}
	var lapsed backend.Record // to take over; none at first
	bounded := &a.claiming
	for takeovers := 0; ; bounded = new(lazyContext) {
		a.since = time.Now()
		record, err := a.claim(bounded.until(ctx, a.since.Add(a.engine.storeTimeout)), &lapsed)
		if err != nil {
			return a.unclaimed(ctx, err, &lapsed, handler)
		}
		lapsed = backend.Record{}
		a.number = record.Attempt
		step, refusal := a.next(&record)
		switch {
		case step == stepRun:
			return a.run(ctx, handler), nil
		case step == stepReplay:
			return a.replay(ctx, &record)
		case step == stepTakeOver && takeovers < maxTakeovers:
			takeovers++
			lapsed = record
		case step == stepWait && patience.wait(ctx, a, &record):
		default:
			return a.refuse(ctx, refusal)
		}
	}
}

// maxTakeovers bounds the lapsed claims that a call goes after, each of which
// another call snatched away and let lapse again.
const maxTakeovers = 100

func (a *attempt) claim(bounded *lazyContext, lapsed *backend.Record) (backend.Record, error) {
	defer bounded.free()
	return a.engine.store.Claim(bounded, a.key, backend.Claim{
		Token:       a.token,
		Replaces:    lapsed.Token,
		Attempt:     lapsed.Attempt + 1,
		Fingerprint: a.call.Fingerprint,
		Lease:       a.policy.Lease,
		Retention:   a.policy.Retention,
	})
}

// unclaimed deals with a claim that failed. It may have been applied all the
// same, and would then block the key for a lease, so it is given back behind
// the caller's back; or abandoned, if it replaced another, which must not be
// forgotten.
func (a *attempt) unclaimed(ctx context.Context, err error, lapsed *backend.Record, handler Handler) (Result, error) {
	a.engine.observe(ctx, a, Event{Kind: EventStoreError, Took: time.Since(a.since), Err: err})
	if !answered(err) {
		stray := finish{verdict: Release, stray: true}
		if lapsed.Attempt > 0 {
			stray.verdict = Abandon
		}
		a.engine.backlog.add(a, stray)
	}
	if ctx.Err() != nil {
		return Result{Waited: a.waited}, ctx.Err()
	}
	if !a.engine.failOpen || errors.Is(err, backend.ErrCorrupt) {
		return a.refuse(ctx, ErrStore.after(a.engine.retryAfter).because(err))
	}
	a.engine.observe(ctx, a, Event{Kind: EventFailedOpen, Err: err})
	return Result{Outcome: handler(ctx).Outcome, Waited: a.waited}, nil
}

// answered tells the errors with which a store says that it did not claim.
func answered(err error) bool {
	return errors.Is(err, backend.ErrFull) || errors.Is(err, backend.ErrClosed) || errors.Is(err, backend.ErrCorrupt)
}

func (a *attempt) replay(ctx context.Context, record *backend.Record) (Result, error) {
	if err := a.authorize(ctx); err != nil {
		return a.refuse(ctx, err)
	}
	a.engine.observe(ctx, a, Event{Kind: EventReplayed, Took: a.waited})
	return Result{Replayed: true, Outcome: record.Outcome, Attempt: int(record.Attempt), Waited: a.waited}, nil
}

// Refuse is for a refusal that an adapter makes by itself, such as ErrStore for
// an outcome that it cannot read: the call has run, so it must not run again.
// It tells the observers, and returns the refusal with its cause, which may be
// nil, and with a time to try again if that can help.
func (e *Engine) Refuse(ctx context.Context, operation string, refusal *Error, cause error) *Error {
	refusal = refusal.because(cause)
	if refusal.Next() == NextRetrySameKey {
		refusal = refusal.after(e.retryAfter)
	}
	e.observeRefusal(ctx, Event{Operation: operation}, refusal)
	return refusal
}

func (a *attempt) refuse(ctx context.Context, err error) (Result, error) {
	a.engine.observeRefusal(ctx, Event{Operation: a.call.Operation, Key: a.key, Attempt: int(a.number), Took: a.waited}, err)
	return Result{Waited: a.waited}, err
}

// run runs the handler under the claim. Whatever way the handler leaves, also
// by a panic, which is not touched here, the claim is finished.
func (a *attempt) run(ctx context.Context, handler Handler) Result {
	a.engine.observeClaim(ctx, a)
	a.prepare(ctx)
	heart := a.engine.startHeart(a)
	start := a.engine.watch()
	done := finish{verdict: Abandon}
	defer func() {
		a.engine.stopHeart(heart)
		a.engine.observe(ctx, a, Event{Kind: EventRan, Took: a.engine.since(start)})
		a.finish(ctx, done)
		a.free()
	}()
	answer := handler(a)
	done = a.ending(answer)
	return Result{Outcome: answer.Outcome, Attempt: int(a.number), Waited: a.waited}
}

// ending is how the claim ends, by the answer and by what the handler asked for.
func (a *attempt) ending(answer Answer) finish {
	verdict, retention := a.wishes.apply(answer.Verdict, a.policy.Retention)
	if verdict == Release && a.number > 1 {
		verdict = Abandon // what the attempts before did is as unknown as it was
	}
	return finish{verdict: verdict, outcome: backend.Outcome{
		NotKept: answer.NotKept, Bytes: answer.Outcome, Retention: retention,
	}}
}

func (a *attempt) prepare(ctx context.Context) {
	a.base = ctx
	if !a.engine.detached {
		return
	}
	a.base = context.WithoutCancel(ctx)
	if a.engine.detachedFor > 0 {
		a.deadline = time.Now().Add(a.engine.detachedFor)
	}
}
