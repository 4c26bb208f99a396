package idempotency

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/digest"
)

// guardedCall is one call on its way through the engine.
type guardedCall struct {
	handler handlerContext
	engine  *Engine

	transactor  backend.Transactor  // nil for a handler that runs under a lease
	transaction backend.Transaction // of the claim, once it has won

	// The contexts of the two store steps that every call takes. As fields they
	// need no allocation of their own.
	claiming, finishing lazyContext

	sent   time.Time     // when the claim was sent
	waited time.Duration // for another call
}

// failedClaim is a claim that the store may have applied although it failed.
type failedClaim struct {
	event Event  // with the store's error, not reported yet
	undo  finish // if the handler does not start
}

func newGuardedCall(o Operation, call Call) *guardedCall {
	g := &guardedCall{engine: o.engine, handler: handlerContext{
		call: call,
		claim: claim{
			store:     o.engine.store,
			timeout:   o.engine.limits.StoreTimeout,
			operation: o.name,
			policy:    o.policy,
			token:     newToken(),
		},
	}}
	if o.policy.Transaction.InTransaction() {
		g.transactor = o.engine.transactor
	}
	return g
}

// errNoTransactor is the cause of a refusal: a schema wants a transaction. That of an
// option is found by New.
var errNoTransactor = errors.New("idempotency: the store is no backend.Transactor")

// identify determines the caller's scope, and with it the record.
func (g *guardedCall) identify(ctx context.Context) *Error {
	h := &g.handler
	if g.transactor == nil && h.claim.policy.Transaction.InTransaction() {
		return ErrStore.withCause(errNoTransactor)
	}
	if g.engine.scope != nil {
		scope, err := g.engine.scope(ctx)
		if err != nil {
			return ErrScopeUnknown.withCause(err)
		}
		h.scope = scope
	}
	h.claim.key = recordKey(g.engine.namespace, h.scope, h.claim.operation, h.call.Key)
	return nil
}

// recordKey returns the digest under which the store keeps the record.
func recordKey(namespace, scope, operation, key string) backend.Key {
	return digest.Parts(namespace, scope, operation, key)
}

func newToken() (token backend.Token) {
	rand.Read(token[:]) // never fails
	return token
}

// prepareHandler makes the handler's context.
func (g *guardedCall) prepareHandler(ctx context.Context) {
	var deadline time.Time // none
	if detached := g.handler.claim.policy.Detached; detached > 0 {
		ctx = context.WithoutCancel(ctx)
		if detached != Forever {
			deadline = time.Now().Add(detached)
		}
	}
	g.handler.ctx.reset(ctx, deadline)
}

func (g *guardedCall) refuse(ctx context.Context, refusal *Error) (Result, error) {
	h := &g.handler
	event := h.event(EventRefused)
	event.Took = g.waited
	return Result{Waited: g.waited}, g.operation().refuse(ctx, event, h.call.Key, refusal)
}

func (g *guardedCall) operation() Operation {
	return Operation{engine: g.engine, name: g.handler.claim.operation, policy: g.handler.claim.policy}
}
