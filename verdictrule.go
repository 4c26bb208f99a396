package idempotency

import "github.com/oncewire/idempotency/backend"

// finalVerdict returns the verdict on a claim, from the answer and from what the
// handler said through its [Execution]. A claim is released only if the answer rules
// out that the handler had an effect:
//
//   - If it is certain that there was no effect, the claim is released.
//   - An error that was answered after the handler's context ended is usually the
//     echo of the cancellation. If its verdict would be Release or its code is
//     generic, the claim is abandoned.
//   - A takeover cannot know what earlier attempts did, so it abandons where a first
//     attempt releases.
func finalVerdict(h *handlerContext, answer Answer) Verdict {
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
	return verdict
}

// finishOf returns how to finish the claim after the answer.
func finishOf(h *handlerContext, answer Answer) finish {
	return finish{verdict: finalVerdict(h, answer), outcome: h.outcomeOf(answer), failed: answer.Failed}
}

func (h *handlerContext) outcomeOf(answer Answer) backend.Outcome {
	return backend.Outcome{
		NotKept:   answer.NotKept,
		Bytes:     answer.Outcome,
		Retention: h.override.shorten(h.claim.policy.Retention),
	}
}
