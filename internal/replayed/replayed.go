// Package replayed tells the layers outside a guard that the answer to a call is a
// replay.
//
// The package imports the standard library only, so that the root package can
// import it.
package replayed

import (
	"context"
	"sync/atomic"

	"github.com/oncewire/idempotency/internal/mark"
)

// ContextKey is the key under which a context holds a report. The context of a
// guarded handler has none: what the handler calls is not the call outside.
type ContextKey struct{}

// report belongs to one layer outside the guard.
type report struct {
	replayed atomic.Bool
	outer    *report // that of the layer around it; nil for none
}

// NewContext returns a context for a call through a guard, and a function that
// reports whether the call got a replay.
func NewContext(ctx context.Context) (context.Context, func() bool) {
	r := &report{outer: reportIn(ctx)}
	return context.WithValue(ctx, ContextKey{}, r), r.replayed.Load
}

// Set reports that the call with the key gets a replay to every layer around its
// guard. Guards around this one that hold a claim for the same key return the replay
// as the answer of their handler, so it is also reported to the layers around them.
func Set(ctx context.Context, key string) {
	for r := reportIn(ctx); r != nil; r = r.outer {
		r.replayed.Store(true)
	}
	if outer, ok := mark.Around(ctx, key); ok {
		Set(outer, key)
	}
}

func reportIn(ctx context.Context) *report {
	r, _ := ctx.Value(ContextKey{}).(*report)
	return r
}
