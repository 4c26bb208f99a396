package idempotency

import (
	"fmt"

	"github.com/oncewire/idempotency/backend"
)

// step is what a call does next about the record that it found.
type step uint8

const (
	stepRun      step = iota // the claim is this call's: run the handler
	stepNested               // a guard around this one holds the claim: run the handler
	stepReplay               // return the recorded outcome
	stepTakeOver             // claim again, in place of the expired claim
	stepWait                 // another call is running: wait for it
	stepRefuse               // return the error
)

// finding is what a claim found: the input of the state machine.
type finding struct {
	record      *backend.Record
	own         bool // the record has this call's token
	nested      bool // it has the token of a guard around this one
	same        bool // it was made by the same request
	onAbandoned AbandonPolicy
}

// next is the state machine: the record decides what the call gets. Except for
// this request's own claims, the fingerprint is compared first, so that no answer
// reveals anything about another request.
func (f *finding) next() (step, *Error) {
	running := f.record.State == backend.Running
	switch {
	case running && f.own:
		return stepRun, nil
	case running && f.nested:
		return stepNested, nil
	case !f.same:
		return stepRefuse, ErrKeyReused
	case f.record.State == backend.Done:
		return stepReplay, nil
	case f.record.State == backend.NotKept:
		return stepRefuse, ErrOutcomeNotKept
	case !running:
		return stepRefuse, ErrOutcomeUnreadable.withCause(fmt.Errorf("%w: state %d", backend.ErrCorrupt, f.record.State))
	case !f.record.Expired():
		return stepWait, ErrInProgress
	case f.onAbandoned == Reject:
		return stepRefuse, ErrOutcomeUnknown
	default:
		// The error is for a call that loses every takeover that it tries.
		return stepTakeOver, ErrInProgress
	}
}
