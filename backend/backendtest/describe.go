package backendtest

import (
	"fmt"

	"github.com/oncewire/idempotency/backend"
)

// describe returns the record as one line of text, with a shortened outcome.
func describe(r backend.Record) string {
	return fmt.Sprintf("{%s, token %.8s, attempt %d, fingerprint %.4x, %d bytes %.16q}",
		stateName(r.State), r.Token, r.Attempt, r.Fingerprint, len(r.Outcome), r.Outcome)
}

func stateName(s backend.State) string {
	switch s {
	case backend.Running:
		return "running"
	case backend.Done:
		return "done"
	case backend.NotKept:
		return "not kept"
	default:
		return fmt.Sprintf("state %d", s)
	}
}

// String returns the step as one line of text.
func (s step) String() string {
	if s.method == "Claim" {
		return fmt.Sprintf("Claim(%.4s, token %.8s, replaces %.8s, attempt %d)",
			s.key, s.claim.Token, s.claim.Replaces, s.claim.Attempt)
	}
	return fmt.Sprintf("%s(%.4s, token %.8s, renew %t, outcome %q)",
		s.method, s.key, s.token, s.renew, s.outcome)
}

// String returns the reply as one line of text.
func (r reply) String() string {
	switch {
	case r.err != "":
		return "error " + r.err
	case r.lost:
		return "claim lost"
	case r.rec == state{}:
		return "ok"
	default:
		return fmt.Sprintf("%s, token %.8s, attempt %d, expired %t, outcome %q",
			stateName(r.rec.state), r.rec.token, r.rec.attempt, r.rec.expired, r.rec.outcome)
	}
}
