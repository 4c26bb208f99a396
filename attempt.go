package idempotency

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// attempt is one call's way through the engine.
type attempt struct {
	lazyContext // the handler's

	// The two steps of every call have theirs in here, to cost nothing more.
	claiming, finishing lazyContext

	engine *Engine
	call   Call
	scope  string
	claim  claim
	wishes wishes        // of the handler
	since  time.Time     // when the claim was sent
	waited time.Duration // for another call
}

// identify finds out whose key it is, and with that the record.
func (a *attempt) identify(ctx context.Context) *Error {
	if a.engine.scope != nil {
		scope, err := a.engine.scope(ctx)
		if err != nil {
			return ErrScopeUnknown.withCause(err)
		}
		a.scope = scope
	}
	a.claim = claim{
		store:   a.engine.store,
		policy:  a.engine.PolicyFor(a.call.Operation),
		timeout: a.engine.storeTimeout,
		key:     a.engine.address(a.scope, &a.call),
		token:   newToken(),
	}
	return nil
}

func newToken() (token backend.Token) {
	rand.Read(token[:]) // never fails
	return token
}

// nested reports whether a guard around this one holds the claim: the request
// is guarded twice, on one record.
func nested(ctx context.Context, token backend.Token) (found bool) {
	eachAttempt(ctx, func(outer *attempt) { found = found || outer.claim.token == token })
	return found
}

func (a *attempt) event(kind EventKind) Event { return a.claim.event(a.call.Operation, kind) }

// prepare makes the handler's context.
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

func (a *attempt) replay(ctx context.Context, record *backend.Record) (Result, error) {
	if err := a.authorize(ctx); err != nil {
		return a.refuse(ctx, err)
	}
	event := a.event(EventReplayed)
	event.Took = a.waited
	a.engine.tell(ctx, event)
	return Result{Replayed: true, Outcome: record.Outcome, Attempt: int(record.Attempt), Waited: a.waited}, nil
}

func (a *attempt) refuse(ctx context.Context, refusal *Error) (Result, error) {
	event := a.event(EventRefused)
	event.Took = a.waited
	return Result{Waited: a.waited}, a.engine.refuse(ctx, event, refusal.withMark(RefusalMark(ctx, a.call.Operation, a.call.Key)))
}
