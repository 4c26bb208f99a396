package idempotency

import (
	"context"
	"sync/atomic"
	"time"
)

// wishes are what a handler asks for its own answer. It may ask from any of its
// goroutines.
type wishes struct {
	noEffect  atomic.Bool
	retention atomic.Int64 // zero for no wish
}

// DoNotRecord says, from within a handler, that the call had no effect: its
// answer is not recorded, whatever it is, and the next call with the key runs.
// It returns false when the handler runs unguarded. Where several layers guard
// one request in this process, it speaks to all of them.
func DoNotRecord(ctx context.Context) bool {
	return eachAttempt(ctx, func(a *attempt) { a.wishes.noEffect.Store(true) })
}

// RecordFor asks, from within a handler, to retain its answer for this long. It
// can shorten the configured retention and not lengthen it, and a time that is
// not positive changes nothing. It returns false when the handler runs
// unguarded. Where several layers guard one request in this process, it speaks
// to all of them.
func RecordFor(ctx context.Context, retention time.Duration) bool {
	return eachAttempt(ctx, func(a *attempt) { a.wishes.retention.Store(int64(retention)) })
}

func eachAttempt(ctx context.Context, visit func(*attempt)) (guarded bool) {
	for {
		a, ok := ctx.Value(executionKey{}).(*attempt)
		if !ok {
			return guarded
		}
		visit(a)
		guarded, ctx = true, a.base
	}
}

// shorter returns the retention, or what the handler wants if that is less.
func (w *wishes) shorter(retention time.Duration) time.Duration {
	if wanted := time.Duration(w.retention.Load()); wanted > 0 {
		retention = min(retention, wanted)
	}
	return retention
}
