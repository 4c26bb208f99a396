package idempotency

import (
	"context"
	"errors"

	"github.com/oncewire/idempotency/backend"
)

// replay returns the recorded outcome, if the caller is authorized to get it.
func (g *guardedCall) replay(ctx context.Context, record *backend.Record) (Result, error) {
	if refusal := g.authorize(ctx, record); refusal != nil {
		return g.refuse(ctx, refusal)
	}
	return g.replayed(ctx, record, record.Outcome), nil
}

// rebuild returns the answer that the policy makes from the reference of a marked
// record, if the caller is authorized to get it.
func (g *guardedCall) rebuild(ctx context.Context, record *backend.Record) (Result, error) {
	if refusal := g.authorize(ctx, record); refusal != nil {
		return g.refuse(ctx, refusal)
	}
	response, err := g.handler.claim.policy.Rebuild(ctx, g.executionOf(record), record.Outcome)
	switch {
	case errors.Is(err, ErrOutcomeNotKept):
		return g.refuse(ctx, ErrOutcomeNotKept.withCause(err))
	case err != nil && ctx.Err() != nil:
		return Result{Waited: g.waited}, ctx.Err()
	case err != nil:
		return g.refuse(ctx, ErrStore.withCause(err))
	}
	answer, err := g.handler.encode(ctx, response)
	switch {
	case err != nil:
		return g.refuse(ctx, ErrOutcomeUnreadable.withCause(err))
	case answer.NotKept:
		return g.refuse(ctx, ErrOutcomeNotKept)
	default:
		return g.replayed(ctx, record, answer.Outcome), nil
	}
}

func (g *guardedCall) authorize(ctx context.Context, record *backend.Record) *Error {
	if g.engine.authorize == nil {
		return nil
	}
	if err := g.engine.authorize(ctx, g.executionOf(record)); err != nil {
		return ErrReplayDenied.withCause(err)
	}
	return nil
}

// executionOf returns the execution that made the record.
func (g *guardedCall) executionOf(record *backend.Record) Execution {
	h := &g.handler
	return Execution{
		Operation: h.claim.operation, Key: h.call.Key, Scope: h.scope,
		Attempt: int(record.Attempt), Recovered: record.Attempt > 1,
	}
}

func (g *guardedCall) replayed(ctx context.Context, record *backend.Record, outcome []byte) Result {
	event := g.handler.event(EventReplayed)
	event.Took = g.waited
	g.engine.observers.notify(ctx, event)
	return Result{Replayed: true, Outcome: outcome, Attempt: int(record.Attempt), Waited: g.waited}
}
