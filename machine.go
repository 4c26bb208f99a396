package idempotency

import (
	"fmt"

	"github.com/oncewire/idempotency/backend"
)

// step is what a call does next about the record it found.
type step uint8

const (
	stepRun      step = iota // the claim is ours: run the handler
	stepReplay               // return the recorded outcome
	stepTakeOver             // claim again, in the lapsed claim's place
	stepWait                 // another call is running
	stepRefuse               // return the error
)

// next is the state machine: what stands under the key decides what the call
// gets. The fingerprint comes before everything but our own token, so that no
// answer tells a caller about another request.
func (a *attempt) next(record *backend.Record) (step, error) {
	switch {
	case record.Token == a.token && record.State == backend.Running:
		return stepRun, nil
	case !sameRequest(&a.call, record.Fingerprint):
		return stepRefuse, ErrKeyReused
	case record.State == backend.Done:
		return stepReplay, nil
	case record.State == backend.NotKept:
		return stepRefuse, ErrOutcomeNotKept
	case record.State != backend.Running:
		return stepRefuse, ErrStore.because(fmt.Errorf("%w: state %d", backend.ErrCorrupt, record.State))
	case !record.Lapsed():
		return stepWait, ErrInProgress.after(a.engine.retryAfter)
	case a.policy.OnAbandoned == Reject:
		return stepRefuse, ErrOutcomeUnknown
	default:
		// The error is for a call that goes on losing the takeover.
		return stepTakeOver, ErrInProgress.after(a.engine.retryAfter)
	}
}
