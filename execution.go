package idempotency

import (
	"context"
	"time"
)

// execution is a call whose handler runs: the handler's context, which carries
// the claim.
type execution struct {
	ctx       lazyContext
	operation Operation
	call      Call
	scope     string
	claim     claim
	override  override
}

type executionKey struct{}

// innermost returns the execution that ctx carries; nil for none.
func innermost(ctx context.Context) *execution {
	x, _ := ctx.Value(executionKey{}).(*execution)
	return x
}

// each invokes visit with the execution, which may be nil, and with those that
// enclose it, the innermost first: one request may be guarded at several layers
// of a process.
func (x *execution) each(visit func(*execution)) {
	for ; x != nil; x = innermost(x.ctx.base) {
		visit(x)
	}
}

// event returns an event about the call.
func (x *execution) event(kind EventKind) Event { return x.claim.event(x.operation.name, kind) }

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
