package idempotency

import (
	"context"
	"fmt"

	"github.com/oncewire/idempotency/backend"
)

// step is what a call does next about the record it found.
type step uint8

const (
	stepRun      step = iota // the claim is ours: run the handler
	stepReplay               // return the recorded outcome
	stepNested               // a guard around this one holds the claim: run the handler
	stepTakeOver             // claim again, in the expired claim's place
	stepWait                 // another call is running
	stepRefuse               // return the error
)

// next is the state machine: the record decides what the call gets. The
// fingerprint comes before everything but this request's own claims, so that no
// answer tells a caller about another request.
func (a *attempt) next(ctx context.Context, record *backend.Record) (step, *Error) {
	running := record.State == backend.Running
	switch {
	case running && record.Token == a.claim.token:
		return stepRun, nil
	case running && nested(ctx, record.Token):
		return stepNested, nil
	case !sameRequest(&a.call, record.Fingerprint):
		return stepRefuse, ErrKeyReused
	case record.State == backend.Done:
		return stepReplay, nil
	case record.State == backend.NotKept:
		return stepRefuse, ErrOutcomeNotKept
	case !running:
		return stepRefuse, ErrOutcomeUnreadable.withCause(fmt.Errorf("%w: state %d", backend.ErrCorrupt, record.State))
	case !record.Lapsed():
		return stepWait, ErrInProgress.withRetryAfter(a.engine.retryAfter)
	case a.claim.policy.OnAbandoned == Reject:
		return stepRefuse, ErrOutcomeUnknown
	default:
		// The error is for a call that goes on losing the takeover.
		return stepTakeOver, ErrInProgress.withRetryAfter(a.engine.retryAfter)
	}
}
