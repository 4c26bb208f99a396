package idempotency

import (
	"fmt"

	"github.com/oncewire/idempotency/backend"
)

// action is what a call does with the record that it found.
type action uint8

const (
	actionRun      action = iota // the claim is this call's: run the handler
	actionNested                 // an outer guard holds the claim: run the handler
	actionReplay                 // return the recorded outcome
	actionRebuild                // rebuild the answer from the reference
	actionTakeOver               // claim again, in place of the expired claim
	actionWait                   // another call is running: wait for it
	actionRefuse                 // return the error
)

// finding is what a claim found: the input of the state machine.
type finding struct {
	record      *backend.Record
	locked      bool // a transaction that has not ended holds the key; of its record nothing is known
	own         bool // the record has this call's token: the key was free, or taken over
	nested      bool // it has the token of an outer guard
	sameRequest bool // the fingerprint is that of this call
	onAbandoned AbandonPolicy
	rebuilds    bool // the policy can rebuild answers
}

// next is the state machine: the record decides what the call gets. Except for
// this request's own claims, the fingerprint is compared first, so that a caller
// learns of another request only that it used the key.
func (f *finding) decide() (action, *Error) {
	unfinished := f.record.State == backend.Running || f.record.State == backend.Marked
	switch {
	case f.locked:
		return actionWait, ErrInProgress
	case f.record.State == backend.Running && f.own:
		return actionRun, nil
	case unfinished && f.nested:
		return actionNested, nil
	case !f.sameRequest:
		return actionRefuse, ErrKeyReused
	case f.record.State == backend.Done:
		return actionReplay, nil
	case f.record.State == backend.NotKept:
		return actionRefuse, ErrOutcomeNotKept
	case !unfinished:
		return actionRefuse, ErrOutcomeUnreadable.withCause(fmt.Errorf("%w: state %d", backend.ErrCorrupt, f.record.State))
	case !f.record.Expired():
		return actionWait, ErrInProgress
	default:
		return f.decideExpired()
	}
}

// decideExpired is the part of the state machine for a claim whose lease has ended.
func (f *finding) decideExpired() (action, *Error) {
	switch {
	case f.record.State == backend.Marked && f.rebuilds:
		return actionRebuild, nil
	case f.record.State == backend.Marked:
		return actionRefuse, ErrOutcomeNotKept
	case f.onAbandoned == Reject:
		return actionRefuse, ErrOutcomeUnknown
	default:
		// The error is for a call that loses every takeover that it tries.
		return actionTakeOver, ErrInProgress
	}
}
