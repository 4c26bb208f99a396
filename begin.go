package idempotency

import (
	"context"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/fingerprint"
)

// mode says whether the handler of a call runs, and how.
type mode uint8

const (
	doNotRun         mode = iota // the result or the error is final
	runProtected                 // under the call's own claim
	runInTransaction             // in the transaction that holds the call's own claim
	runUnprotected               // without a confirmed claim, since the store failed
	runNested                    // under the claim of an outer guard
)

// decision is what begin decided.
type decision struct {
	mode   mode
	failed *failedClaim // of runUnprotected
}

// maxTakeovers bounds the takeovers that one call tries. It tries another one only if
// another call won the last one, and the claim of that call expired too.
const maxTakeovers = 100

// begin repeats the claim until the record decides what the call gets. Each
// iteration decides, waits for a bounded time, or claims again because another call
// changed the record.
func (g *guardedCall) begin(ctx context.Context) (decision, Result, error) {
	h := &g.handler
	waiting := waiting{maxWait: h.claim.policy.Wait, key: h.claim.key, waiter: g.engine.waiter, all: &g.engine.waiters}
	defer waiting.leave()
	var expired backend.Record // to take over; none at first
	bounded := &g.claiming
	for takeovers := 0; ; bounded = new(lazyContext) {
		g.waited, g.sent = waiting.waited, time.Now()
		record, err := g.acquire(bounded.reset(ctx, g.sent.Add(h.claim.timeout)), &expired)
		locked := errors.Is(err, backend.ErrLocked)
		if err != nil && !locked {
			return g.claimFailed(ctx, err, &expired)
		}
		expired = backend.Record{}
		h.claim.attempt = record.Attempt
		action, refusal := g.decide(ctx, &record, locked)
		switch {
		case action == actionRun && g.transaction != nil:
			return decision{mode: runInTransaction}, Result{}, nil
		case action == actionRun:
			return decision{mode: runProtected}, Result{}, nil
		case action == actionNested:
			return decision{mode: runNested}, Result{Attempt: int(record.Attempt), Waited: g.waited}, nil
		case action == actionReplay:
			return final(g.replay(ctx, &record))
		case action == actionRebuild:
			return final(g.rebuild(ctx, &record))
		case action == actionTakeOver && takeovers < maxTakeovers:
			takeovers++
			expired = record
		case action == actionWait && waiting.wait(ctx, &record):
		default:
			g.waited = waiting.waited
			return final(g.refuse(ctx, refusal))
		}
	}
}

func final(result Result, err error) (decision, Result, error) { return decision{}, result, err }

func (g *guardedCall) acquire(bounded *lazyContext, expired *backend.Record) (record backend.Record, err error) {
	defer bounded.free()
	c := &g.handler.claim
	request := c.request(g.handler.call.Fingerprint, expired)
	if g.transactor == nil {
		record, err = c.store.Claim(bounded, c.key, request)
	} else {
		record, g.transaction, err = g.transactor.Begin(bounded, c.key, request)
	}
	if errors.Is(err, backend.ErrLocked) {
		record.LeaseLeft = request.Lease // bounds the pause between two polls
	}
	return record, err
}

// decide runs the state machine on a record, or on a key that is locked.
func (g *guardedCall) decide(ctx context.Context, record *backend.Record, locked bool) (action, *Error) {
	h := &g.handler
	f := finding{record: record, locked: locked, own: record.Token == h.claim.token}
	f.onAbandoned, f.rebuilds = h.claim.policy.OnAbandoned, h.claim.policy.Rebuild != nil
	if f.own || f.locked {
		return f.decide()
	}
	f.sameRequest = fingerprint.Same(h.call.Fingerprint, h.call.Rehasher, record.Fingerprint)
	if !record.State.Finished() {
		handlerOf(ctx).each(func(outer *handlerContext) { f.nested = f.nested || outer.claim.token == record.Token })
	}
	return f.decide()
}

// claimFailed decides about a call whose claim failed. The store may have applied
// the claim, or may still receive it, which would block the key for a lease. It
// is therefore released asynchronously, or abandoned if it replaced an expired
// claim, whose attempt must not be forgotten. A claim in a transaction that was
// not opened does not exist.
func (g *guardedCall) claimFailed(ctx context.Context, err error, expired *backend.Record) (decision, Result, error) {
	undo := finish{verdict: Release, unconfirmed: true}
	if expired.Attempt > 0 {
		undo.verdict = Abandon
	}
	g.handler.claim.attempt = 0
	event := g.handler.event(EventStoreError)
	event.Took, event.Err = time.Since(g.sent), err
	switch {
	case errors.Is(err, backend.ErrCorrupt):
		g.engine.observers.notify(ctx, event)
		return final(g.refuse(ctx, ErrOutcomeUnreadable.withCause(err)))
	case g.transactor != nil:
	case ctx.Err() == nil && g.engine.failOpen:
		return decision{runUnprotected, &failedClaim{event: event, undo: undo}}, Result{}, nil
	default:
		g.finishLater(err, undo)
	}
	g.engine.observers.notify(ctx, event)
	if ctx.Err() != nil {
		return final(Result{Waited: g.waited}, ctx.Err())
	}
	return final(g.refuse(ctx, ErrStore.withCause(err)))
}
