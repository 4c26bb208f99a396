package idempotency

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// attempt is one call's way through the engine.
type attempt struct {
	execution execution // what the handler sees
	engine    *Engine   // of its operation

	// The two steps of every call have their contexts in here, to cost nothing
	// more.
	claiming, finishing lazyContext

	sent   time.Time     // when the claim was sent
	waited time.Duration // for another call
}

// identify finds out whose key it is, and with that the record.
func (a *attempt) identify(ctx context.Context) *Error {
	x := &a.execution
	if a.engine.scope != nil {
		scope, err := a.engine.scope(ctx)
		if err != nil {
			return ErrScopeUnknown.withCause(err)
		}
		x.scope = scope
	}
	x.claim = claim{
		store:   a.engine.store,
		policy:  x.operation.policy,
		timeout: a.engine.limits.StoreTimeout,
		key:     address(a.engine.namespace, x.scope, x.operation.name, x.call.Key),
		token:   newToken(),
	}
	return nil
}

// address digests what tells one record from another.
func address(namespace, scope, operation, key string) backend.Key {
	return digestParts(namespace, scope, operation, key)
}

func newToken() (token backend.Token) {
	rand.Read(token[:]) // never fails
	return token
}

// prepare makes the handler's context.
func (a *attempt) prepare(ctx context.Context) {
	var deadline time.Time // none
	if detached := a.execution.operation.policy.Detached; detached > 0 {
		ctx = context.WithoutCancel(ctx)
		if detached != Forever {
			deadline = time.Now().Add(detached)
		}
	}
	a.execution.ctx.until(ctx, deadline)
}

// replay returns the recorded outcome, if the caller may see it.
func (a *attempt) replay(ctx context.Context, record *backend.Record) (Result, error) {
	x := &a.execution
	if a.engine.authorize != nil {
		err := a.engine.authorize(ctx, Execution{
			Operation: x.operation.name, Key: x.call.Key, Scope: x.scope,
			Attempt: int(record.Attempt), Recovered: record.Attempt > 1,
		})
		if err != nil {
			return a.refuse(ctx, ErrReplayDenied.withCause(err))
		}
	}
	event := x.event(EventReplayed)
	event.Took = a.waited
	a.engine.observers.tell(ctx, event)
	return Result{Replayed: true, Outcome: record.Outcome, Attempt: int(record.Attempt), Waited: a.waited}, nil
}

func (a *attempt) refuse(ctx context.Context, refusal *Error) (Result, error) {
	x := &a.execution
	refusal = refusal.withMark(x.operation.RefusalMark(ctx, x.call.Key))
	if refusal.Next() == NextRetrySameKey {
		refusal = refusal.withRetryAfter(x.operation.policy.RetryAfter)
	}
	event := x.event(EventRefused)
	event.Took = a.waited
	return Result{Waited: a.waited}, a.engine.observers.refuse(ctx, event, refusal)
}
