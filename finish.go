package idempotency

import (
	"errors"

	"github.com/oncewire/idempotency/backend"
)

// finish is how a claim is finished.
type finish struct {
	verdict Verdict
	outcome backend.Outcome // of a recorded call
	failed  bool            // the answer is an error
	// done is set when a transaction of the handler has finished the claim.
	done bool
	// byReference has a recorded call keep the reference of its marked record, which
	// is all that is stored of the answer.
	byReference bool
	// unconfirmed is set when the store may still receive an earlier step of the
	// claim: the claim itself, whose reply never arrived, or a heartbeat.
	unconfirmed bool
}

// endsRetries reports whether a reply of the store ends the retries of a finish.
// A step that arrives late would undo a release or an abandonment, so these are
// repeated for the whole window, even if they succeed.
func (f *finish) endsRetries(err error) bool {
	if f.unconfirmed {
		return err == nil && f.verdict == Record
	}
	return err == nil || errors.Is(err, backend.ErrClaimLost)
}

// endsLease reports whether all that the finish does is to end the lease.
func (f *finish) endsLease() bool { return f.verdict == Abandon || f.byReference }

// kind returns the kind of the event that reports the finish.
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
