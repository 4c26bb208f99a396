package idempotency

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/oncewire/idempotency/backend"
)

// Engine decides about calls that have a key. It is safe for concurrent use, and
// one engine serves any number of adapters.
type Engine struct {
	config

	store      backend.Store
	waiter     backend.Waiter     // nil if the store does not implement it
	transactor backend.Transactor // likewise
	retries    retries
	waiters    waiters
	// unscoped is set when EventUnscoped was reported.
	unscoped   atomic.Bool
	heartbeats heartbeats
	checks     sync.Map // of AddCheck: name -> func([]string) error
}

// New returns an engine that keeps its records in the store. The error names every
// invalid option.
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
	engine.transactor, _ = store.(backend.Transactor)
	if engine.transactor == nil && engine.policies.inTransaction() {
		return nil, fmt.Errorf("idempotency: a policy wants transactions, and %T is no backend.Transactor", store)
	}
	engine.waiters.perKey, engine.waiters.total = engine.limits.WaitersPerKey, engine.limits.Waiters
	engine.retries.init(engine.limits.Retries, engine.limits.RetryWindow, engine.observers.notifySafely)
	engine.heartbeats.onLost, engine.heartbeats.onLate = engine.leaseLost, engine.heartbeatLate
	return engine, nil
}

func (e *Engine) leaseLost(h *handlerContext, err error) {
	event := h.event(EventLeaseLost)
	event.Err = err
	e.observers.notifySafely(h.ctx.base, event)
}

// heartbeatLate abandons a claim again that a heartbeat may have revived.
func (e *Engine) heartbeatLate(h *handlerContext) {
	e.retries.add(h.claim, finish{verdict: Abandon, unconfirmed: true})
}

// Close waits until every finish that is being retried in the background has
// succeeded or was given up, and cancels those of unconfirmed claims. It returns
// the context's error if the context ends first. Call it when the servers have
// stopped and before the store is closed. It does not close the store.
func (e *Engine) Close(ctx context.Context) error { return e.retries.drain(ctx) }
