package mark

import (
	"context"
	"iter"
)

// ContextKey is the key under which the context of a guarded handler holds its
// [GuardedCall].
type ContextKey struct{}

// GuardedCall is a call whose handler runs under a claim.
type GuardedCall interface {
	// MarkedCall returns the operation and key of the call, and the context in
	// which it was made.
	MarkedCall() (operation, key string, outer context.Context)
}

// guardedCalls yields the operation and key of each guarded call that ctx belongs
// to, the innermost first: several layers of a process may guard one request.
func guardedCalls(ctx context.Context) iter.Seq2[string, string] {
	return func(yield func(operation, key string) bool) {
		for call := innermost(ctx); call != nil; {
			operation, key, outer := call.MarkedCall()
			if !yield(operation, key) {
				return
			}
			call = innermost(outer)
		}
	}
}

// innermost returns the guarded call that ctx belongs to, or nil.
func innermost(ctx context.Context) GuardedCall {
	call, _ := ctx.Value(ContextKey{}).(GuardedCall)
	return call
}

// Around returns the context in which the innermost guarded call that ctx belongs to
// was made, and false if there is none with the key.
func Around(ctx context.Context, key string) (context.Context, bool) {
	call := innermost(ctx)
	if call == nil {
		return ctx, false
	}
	_, outerKey, outer := call.MarkedCall()
	return outer, plain(outerKey) == plain(key)
}
