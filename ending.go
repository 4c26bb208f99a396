package idempotency

import "github.com/oncewire/idempotency/backend"

// ending returns how the claim of an execution ends, by the answer and by what
// the handler said. Only what cannot follow an effect is released:
//
//   - a handler that marked its answer as having had no effect is believed, and
//     so is an adapter that knows it;
//   - after the end of the handler's context, an error that would be released
//     or that names no cause is usually the echo of the cancellation;
//   - what earlier attempts did stays unknown when a later one did nothing.
func ending(x *execution, answer Answer) finish {
	verdict := answer.Verdict
	switch {
	case answer.NoEffect || x.override.noEffect.Load():
		verdict = Release
	case (verdict == Release || answer.ServerError) && x.Err() != nil:
		verdict = Abandon
	}
	if verdict == Release && x.claim.number > 1 {
		verdict = Abandon
	}
	return finish{verdict: verdict, outcome: backend.Outcome{
		NotKept:   answer.NotKept,
		Bytes:     answer.Outcome,
		Retention: x.override.shorten(x.claim.policy.Retention),
	}}
}
