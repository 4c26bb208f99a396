package idempotency

import (
	"context"

	"github.com/oncewire/idempotency/backend"
)

// ending returns how the claim ends, by the answer and by what the handler
// asked for. Only what cannot follow an effect is released:
//
//   - a handler that marked its answer as having had no effect is believed;
//   - after the end of the handler's context, an error that would be released
//     or that names no cause is usually the echo of the cancellation;
//   - what earlier attempts did stays unknown when a later one did nothing.
func (a *attempt) ending(ctx context.Context, answer Answer) finish {
	verdict := answer.Verdict
	switch {
	case a.wishes.noEffect.Load():
		verdict = Release
	case (verdict == Release || answer.ServerError) && ctx.Err() != nil:
		verdict = Abandon
	}
	if verdict == Release && a.claim.number > 1 {
		verdict = Abandon
	}
	return finish{verdict: verdict, outcome: backend.Outcome{
		NotKept:   answer.NotKept,
		Bytes:     answer.Outcome,
		Retention: a.wishes.shorter(a.claim.policy.Retention),
	}}
}
