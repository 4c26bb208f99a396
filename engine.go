package idempotency

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/oncewire/idempotency/backend"
)

// Engine decides what becomes of calls that carry a key. It is safe for
// concurrent use, and one engine serves any number of doors.
type Engine struct {
	config

	store   backend.Store
	waiter  backend.Waiter // nil when the store cannot tell
	backlog backlog
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
	for _, option := range options {
		option(&engine.config)
	}
	if err := engine.validate(); err != nil {
		return nil, err
	}
	engine.policies.prepare()
	engine.waiter, _ = store.(backend.Waiter)
	engine.backlog.open(engine)
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
