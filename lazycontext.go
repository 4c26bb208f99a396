package idempotency

import (
	"context"
	"sync"
	"time"
)

// lazyContext is a context that can be cancelled or has a deadline, and builds
// the machinery for it only once somebody asks for Done. Most handlers and the
// memory store never do, and then it costs nothing.
type lazyContext struct {
	base     context.Context
	deadline time.Time // zero for none of its own

	mu     sync.Mutex
	freed  bool
	inner  context.Context
	cancel context.CancelCauseFunc
	stop   context.CancelFunc // of the deadline's timer
}

// until prepares an unused context for one step of the store.
func (c *lazyContext) until(base context.Context, deadline time.Time) *lazyContext {
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
func (c *lazyContext) Done() <-chan struct{} { return c.built().Done() }

// Err implements context.Context.
func (c *lazyContext) Err() error {
	if inner := c.peek(); inner != nil {
		return inner.Err()
	}
	if err := c.base.Err(); err != nil {
		return err
	}
	if c.over() {
		return c.built().Err() // which stays the same from here on
	}
	return nil
}

// over reports whether a context that was never built has ended by itself.
func (c *lazyContext) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.freed || !c.deadline.IsZero() && !time.Now().Before(c.deadline)
}

// Value implements context.Context. Once built, the inner context answers, so
// that context.Cause finds the cause of a cancellation.
func (c *lazyContext) Value(key any) any {
	if inner := c.peek(); inner != nil {
		return inner.Value(key)
	}
	return c.base.Value(key)
}

// end cancels the context for the cause.
func (c *lazyContext) end(cause error) {
	c.built()
	c.cancel(cause)
}

// free ends the context and gives back what was built.
func (c *lazyContext) free() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.freed = true
	c.release()
}

// release ends what was built of a context that is freed.
func (c *lazyContext) release() {
	if c.inner == nil {
		return
	}
	c.cancel(nil)
	if c.stop != nil {
		c.stop()
	}
}

func (c *lazyContext) peek() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inner
}

func (c *lazyContext) built() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner == nil {
		c.inner, c.cancel = context.WithCancelCause(c.base)
		if !c.deadline.IsZero() {
			c.inner, c.stop = context.WithDeadline(c.inner, c.deadline)
		}
		if c.freed {
			c.release()
		}
	}
	return c.inner
}
