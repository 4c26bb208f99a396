package idempotency

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/oncewire/idempotency/backend"
)

// Engine decides what becomes of calls that carry a key. It is safe for
// concurrent use, and one engine serves any number of adapters.
type Engine struct {
	config

	store   backend.Store
	waiter  backend.Waiter // nil when the store cannot tell
	backlog backlog
	waiters waiters
	// unscoped is set when observers have been told that callers have
	// credentials and no scope.
	unscoped atomic.Bool
	hearts   sync.Pool // of *heart: a timer each, so that a short call makes none
}

// New returns an engine on the store. The error names every option that
// cannot be honoured.
func New(store backend.Store, options ...Option) (*Engine, error) {
	if store == nil {
		return nil, errors.New("idempotency: no store")
	}
	engine := &Engine{config: defaults(), store: store}
	for i, option := range options {
		if option == nil {
			return nil, fmt.Errorf("idempotency: option %d is nil", i+1)
		}
		option(&engine.config)
	}
	if err := engine.validate(); err != nil {
		return nil, err
	}
	engine.policies.prepare()
	engine.waiter, _ = store.(backend.Waiter)
	engine.waiters.perKey, engine.waiters.total = engine.waitersPerKey, engine.waitersTotal
	engine.backlog.open(engine.backlogSize, engine.backlogWindow, engine.tellSafely)
	return engine, nil
}

// Close waits until every recording that is being retried in the background
// has succeeded or has been given up, or until the context ends, and returns
// its error then. Call it when the servers have stopped and before the store
// is closed. The store stays open: it belongs to the caller.
func (e *Engine) Close(ctx context.Context) error { return e.backlog.drain(ctx) }

// KeyField is the name of the header or metadata field that carries the key.
func (e *Engine) KeyField() string { return e.keyField }

// ReplayedField is the name of the header or metadata field that marks a
// replay. Its value is then "true".
func (e *Engine) ReplayedField() string { return e.replayedField }

// Refuse is for a refusal that an adapter makes by itself, such as
// [ErrOutcomeUnreadable] for an outcome that it cannot read. It tells the
// observers, and returns the refusal with its mark, its cause, which may be nil,
// and a time to try again if that can help. Of the call it uses the operation
// and the key, which may be empty.
func (e *Engine) Refuse(ctx context.Context, call Call, refusal *Error, cause error) *Error {
	refusal = refusal.withCause(cause).withMark(RefusalMark(ctx, call.Operation, call.Key))
	if refusal.Next() == NextRetrySameKey {
		refusal = refusal.withRetryAfter(e.retryAfter)
	}
	return e.refuse(ctx, Event{Operation: call.Operation}, refusal)
}
