package idempotency

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/mark"
	"github.com/oncewire/idempotency/internal/replayed"
)

// handlerContext is the context of a guarded handler. It carries the claim that
// the handler runs under.
type handlerContext struct {
	ctx      lazyContext
	call     Call
	scope    string
	claim    claim
	override override
	joined   atomic.Pointer[joined] // nil until the handler joins the claim to its own transaction
	answered atomic.Bool            // the handler has returned
}

type handlerContextKey struct{}

// handlerOf returns the context of the innermost guarded handler in which ctx was
// made; nil for none.
func handlerOf(ctx context.Context) *handlerContext {
	h, _ := ctx.Value(handlerContextKey{}).(*handlerContext)
	return h
}

// each invokes visit with the handler, which may be nil, and with those that
// enclose it, the innermost first: one request may be guarded at several layers
// of a process.
func (h *handlerContext) each(visit func(*handlerContext)) {
	for ; h != nil; h = handlerOf(h.ctx.base) {
		visit(h)
	}
}

// event returns an event about the call.
func (h *handlerContext) event(kind EventKind) Event { return h.claim.event(kind) }

// Deadline implements context.Context.
func (h *handlerContext) Deadline() (time.Time, bool) { return h.ctx.Deadline() }

// Done implements context.Context.
func (h *handlerContext) Done() <-chan struct{} { return h.ctx.Done() }

// Err implements context.Context.
func (h *handlerContext) Err() error { return h.ctx.Err() }

// Value implements context.Context.
func (h *handlerContext) Value(key any) any {
	switch key {
	case handlerContextKey{}, mark.ContextKey{}:
		return h
	case replayed.ContextKey{}:
		return nil // what a handler calls is not the call that a layer outside asks about
	case backend.HandlerClaimKey{}:
		if h.claim.attempt == 0 {
			return nil // it is not confirmed
		}
		return h
	default:
		return h.ctx.Value(key)
	}
}

// MarkedCall implements mark.GuardedCall.
func (h *handlerContext) MarkedCall() (operation, key string, outer context.Context) {
	return h.claim.operation, h.call.Key, h.ctx.base
}
