package idempotency

import (
	"context"
	"time"
)

// execution is a call whose handler runs: the handler's context, which carries
// the claim.
type execution struct {
	ctx      lazyContext
	call     Call
	scope    string
	claim    claim
	override override
}

type executionKey struct{}

// innermost returns the execution that ctx carries; nil for none.
func innermost(ctx context.Context) *execution {
	x, _ := ctx.Value(executionKey{}).(*execution)
	return x
}

// enclosing calls visit with every execution that ctx carries, the innermost
// first, and reports whether there is one: one request may be guarded at several
// layers of a process.
func enclosing(ctx context.Context, visit func(*execution)) bool {
	first := innermost(ctx)
	for x := first; x != nil; x = innermost(x.ctx.base) {
		visit(x)
	}
	return first != nil
}

// event returns an event about the call.
func (x *execution) event(kind EventKind) Event { return x.claim.event(x.call.Operation, kind) }

// Deadline implements context.Context.
func (x *execution) Deadline() (time.Time, bool) { return x.ctx.Deadline() }

// Done implements context.Context.
func (x *execution) Done() <-chan struct{} { return x.ctx.Done() }

// Err implements context.Context.
func (x *execution) Err() error { return x.ctx.Err() }

// Value implements context.Context.
func (x *execution) Value(key any) any {
	if key == (executionKey{}) {
		return x
	}
	return x.ctx.Value(key)
}
