package idempotency

import (
	"errors"

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

// kind is that of the event which tells of the finish.
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
