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
	// unconfirmed is set when an earlier step of the claim may still arrive at
	// the store: the claim itself, whose reply never came, or a heartbeat.
	unconfirmed bool
}

// settled reports whether a reply of the store ends the retries of a finish. A
// step that may still arrive would undo a release or an abandonment, so these
// are then repeated however often they succeed.
func (f *finish) settled(err error) bool {
	if f.unconfirmed {
		return err == nil && f.verdict == Record
	}
	return err == nil || errors.Is(err, backend.ErrClaimLost)
}

func (f *finish) kind() EventKind {
	switch f.verdict {
	case Record:
		return EventRecorded
	case Release:
		return EventReleased
	default:
		return EventAbandoned
	}
}

// finish ends the claim on a context and a time of its own, since the client
// may have hung up, and returns what observers are to be told, if anything. What the store
// does not take is left to the backlog, so that a store that hangs holds the
// answer up for one timeout at most.
func (a *attempt) finish(ctx context.Context, f finish) Event {
	start := time.Now()
	bounded := a.finishing.until(context.WithoutCancel(ctx), start.Add(a.claim.brief()))
	defer bounded.free()
	err := a.claim.finish(bounded, f)
	event := a.event(f.kind())
	switch {
	case err == nil:
		event.Took = a.engine.since(start)
	case errors.Is(err, backend.ErrClaimLost):
		event.Kind, event.Err = EventLeaseLost, err
		if errors.Is(context.Cause(a), ErrClaimLost) {
			event.Kind = 0 // the heartbeat has told it already
		}
	default:
		event.Kind, event.Err, event.Took = EventFinishFailed, err, time.Since(start)
		a.engine.backlog.add(a.call.Operation, a.claim, f)
	}
	return event
}
