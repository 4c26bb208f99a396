package idempotency

import (
	"context"
	"sync"
	"time"
)

// lazyContext is a context that can be cancelled or has a deadline. It allocates
// what that needs only when Done is called or it is cancelled. Most handlers and
// the memory store never do either.
type lazyContext struct {
	base     context.Context
	deadline time.Time // zero for that of base

	mu          sync.Mutex
	freed       bool
	inner       context.Context
	cancelInner context.CancelCauseFunc
	stopTimer   context.CancelFunc // of the deadline; nil without one
}

// reset prepares an unused context.
func (c *lazyContext) reset(base context.Context, deadline time.Time) *lazyContext {
	c.base, c.deadline = base, deadline
	return c
}

// Deadline implements context.Context.
func (c *lazyContext) Deadline() (time.Time, bool) {
	deadline, ok := c.base.Deadline()
	if c.deadline.IsZero() || ok && deadline.Before(c.deadline) {
		return deadline, ok
	}
	return c.deadline, true
}

// Done implements context.Context.
func (c *lazyContext) Done() <-chan struct{} { return c.build().Done() }

// Err implements context.Context.
func (c *lazyContext) Err() error {
	if inner := c.built(); inner != nil {
		return inner.Err()
	}
	if err := c.base.Err(); err != nil {
		return err
	}
	if c.ended() {
		return c.build().Err() // the error stays the same from now on
	}
	return nil
}

// ended reports whether a context that was never built has ended by itself.
func (c *lazyContext) ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.freed || !c.deadline.IsZero() && !time.Now().Before(c.deadline)
}

// Value implements context.Context. Once built, the inner context answers, so
// that context.Cause finds the cause of a cancellation.
func (c *lazyContext) Value(key any) any {
	if inner := c.built(); inner != nil {
		return inner.Value(key)
	}
	return c.base.Value(key)
}

// cancel ends the context with the cause.
func (c *lazyContext) cancel(cause error) {
	c.build()
	c.cancelInner(cause)
}

// free ends the context and frees what was built.
func (c *lazyContext) free() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.freed = true
	c.freeBuilt()
}

func (c *lazyContext) freeBuilt() {
	if c.inner == nil {
		return
	}
	c.cancelInner(nil)
	if c.stopTimer != nil {
		c.stopTimer()
	}
}

// built returns the inner context, or nil if it was not built.
func (c *lazyContext) built() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inner
}

func (c *lazyContext) build() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner == nil {
		c.inner, c.cancelInner = context.WithCancelCause(c.base)
		if !c.deadline.IsZero() {
			c.inner, c.stopTimer = context.WithDeadline(c.inner, c.deadline)
		}
		if c.freed {
			c.freeBuilt()
		}
	}
	return c.inner
}
