package idempotency

import (
	"context"
)

// Run guards one call: it claims the call's key and invokes the handler, or
// returns the recorded outcome of the call that did so before. A call with an
// empty key runs unguarded. If the context already carries the claim of this very
// record, because two guards protect one handler, the handler runs under that
// claim.
//
// The outcome is recorded with a context and timeout of its own: a client that
// hangs up cancels the handler, not the recording. A panic in the handler
// abandons the claim and continues. If the store fails to record, the caller
// still gets the handler's answer; recording is retried in the background while
// the claim is kept alive.
//
// An error means that the handler did not run. It is a refusal, an [*Error], or
// the context's own error when the caller gave up first. In a transaction (see
// [Policy.Transaction]) two more errors follow a handler that ran:
// [ErrRolledBack] if its effect was not committed, and [ErrCommitUnknown] if that
// is unknown. Its answer must not be sent then.
func (o Operation) Run(ctx context.Context, call Call, handler func(context.Context) Answer) (Result, error) {
	if call.Key == "" {
		return Result{Outcome: handler(ctx).Outcome}, nil
	}
	g := newGuardedCall(o, call)
	if refusal := g.identify(ctx); refusal != nil {
		return g.refuse(ctx, refusal)
	}
	decision, result, err := g.begin(ctx)
	switch decision.mode {
	case doNotRun:
	case runProtected:
		return g.runProtected(ctx, handler)
	case runInTransaction:
		return g.runInTransaction(ctx, handler)
	case runUnprotected:
		return g.runUnprotected(ctx, decision.failed, handler), nil
	case runNested:
		result.Outcome = handler(ctx).Outcome
	}
	return result, err
}
