package idempotency

import "github.com/oncewire/idempotency/backend"

// finishOf returns how a claim is finished, by the answer and by what the handler
// said through its [Execution]. Only what cannot follow an effect is released:
//
//   - An answer that is certain to have had no effect is released.
//   - After the handler's context has ended, an error that would be released or
//     that names no cause is usually the echo of the cancellation, and is
//     abandoned.
//   - A takeover cannot tell what earlier attempts did, so it abandons where a
//     first attempt releases.
func finishOf(h *handlerContext, answer Answer) finish {
	verdict := answer.Verdict
	switch {
	case answer.NoEffect || h.override.noEffect.Load():
		verdict = Release
	case (verdict == Release || answer.ServerError) && h.Err() != nil:
		verdict = Abandon
	}
	if verdict == Release && h.claim.attempt > 1 {
		verdict = Abandon
	}
	return finish{verdict: verdict, outcome: backend.Outcome{
		NotKept:   answer.NotKept,
		Bytes:     answer.Outcome,
		Retention: h.override.shorten(h.claim.policy.Retention),
	}}
}
