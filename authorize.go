package idempotency

import "context"

// Replay is a recorded outcome that is about to be handed out.
type Replay struct {
	Operation string
	Key       string
	Scope     string
	// Attempt is the number of the claim that made the outcome.
	Attempt int
}

// authorize asks the replay authorizer, if there is one.
func (a *attempt) authorize(ctx context.Context) *Error {
	if a.engine.authorize == nil {
		return nil
	}
	err := a.engine.authorize(ctx, Replay{
		Operation: a.call.Operation, Key: a.call.Key, Scope: a.scope, Attempt: int(a.claim.number),
	})
	if err != nil {
		return ErrReplayDenied.withCause(err)
	}
	return nil
}
