package idempotency

import (
	"context"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// finish is how a claim ends.
type finish struct {
	verdict Verdict
	outcome backend.Outcome // of a recorded call
	// stray marks a claim whose reply never came: it may not even exist.
	stray bool
}

// apply sends the finish to the store.
func (f finish) apply(ctx context.Context, a *attempt) error {
	switch f.verdict {
	case Record:
		return a.engine.store.Complete(ctx, a.key, a.token, f.outcome)
	case Release:
		return a.engine.store.Release(ctx, a.key, a.token)
	default:
		return a.engine.store.Extend(ctx, a.key, a.token, 0, a.policy.Retention)
	}
}

// finish ends the claim on a context and a time of its own, since the client
// may have hung up. What the store does not take is left to the backlog, so
// that a store that hangs holds the answer up for one timeout at most.
func (a *attempt) finish(ctx context.Context, f finish) {
	start := time.Now()
	bounded := a.finishing.until(context.WithoutCancel(ctx), start.Add(a.brief()))
	defer bounded.free()
	err := f.apply(bounded, a)
	switch {
	case err == nil:
		a.engine.observe(ctx, a, Event{Kind: f.event(), Took: a.engine.since(start)})
	case errors.Is(err, backend.ErrClaimLost):
		if !errors.Is(context.Cause(a), ErrClaimLost) { // else the heart has told already
			a.engine.observe(ctx, a, Event{Kind: EventLeaseLost, Err: err})
		}
	default:
		a.engine.observe(ctx, a, Event{Kind: EventFinishFailed, Took: time.Since(start), Err: err})
		a.engine.backlog.add(a, f)
	}
}

func (f finish) event() EventKind {
	switch f.verdict {
	case Record:
		return EventRecorded
	case Release:
		return EventReleased
	default:
		return EventAbandoned
	}
}
