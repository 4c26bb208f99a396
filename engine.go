package idempotency

import (
	"context"
	"errors"
	"fmt"
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
	unscoped   atomic.Bool
	heartbeats heartbeats
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
	engine.waiters.perKey, engine.waiters.total = engine.limits.WaitersPerKey, engine.limits.Waiters
	engine.backlog.open(engine.limits.Retries, engine.limits.RetryWindow, engine.observers.tellSafely)
	engine.heartbeats.lost, engine.heartbeats.late = engine.leaseLost, engine.heartbeatLate
	return engine, nil
}

func (e *Engine) leaseLost(x *execution, err error) {
	event := x.event(EventLeaseLost)
	event.Err = err
	e.observers.tellSafely(x.ctx.base, event)
}

// heartbeatLate repeats the end of a claim that a heartbeat may have revived.
func (e *Engine) heartbeatLate(x *execution) {
	e.backlog.add(x.operation.name, x.claim, finish{verdict: Abandon, unconfirmed: true})
}

// Close waits until every recording that is being retried in the background
// has succeeded or has been given up, or until the context ends, and returns
// its error then. Call it when the servers have stopped and before the store
// is closed. The store stays open: it belongs to the caller.
func (e *Engine) Close(ctx context.Context) error { return e.backlog.drain(ctx) }
