package idempotency

import (
	"context"

	"github.com/oncewire/idempotency/backend"
)

// settle returns how to finish a claim that the handler joined to a transaction of its
// own. What that transaction has committed decides, whatever the handler answered:
//
//   - If it completed the claim, its outcome is the answer, also for the first caller.
//   - If it marked the claim, the claim is not released. With a function to rebuild
//     answers the record keeps its reference in place of an outcome.
//   - If it was rolled back, the claim is finished as any other.
//
// A handler that answers what it completed the claim with, or a success after it
// marked the claim, says that it has committed, so the store is not asked. Every
// further step of a claim that is finished changes nothing, so this is safe also if
// the store cannot be asked.
func (g *guardedCall) settle(ctx context.Context, j *joined, f finish, result *Result) finish {
	rebuilds := g.handler.claim.policy.Rebuild != nil
	switch {
	case j.completes(&f):
		f.done = true
		return f
	case j.completed:
	case f.verdict == Abandon:
		return f // a marked claim is never taken over
	case j.marked && f.verdict == Record && !f.failed:
		f.byReference = rebuilds
		return f
	}
	record, err := j.tx.Committed(ctx, g.handler.claim.key, g.handler.claim.token)
	switch {
	case err != nil:
		f.byReference = j.marked && f.verdict == Record && rebuilds
	case record.State.Finished():
		f.done, f.verdict = true, Record
		g.replaceBy(&record, result)
	case record.State == backend.Marked && f.verdict == Release:
		f.verdict = Abandon
	case record.State == backend.Marked:
		f.byReference = f.verdict == Record && rebuilds
	}
	return f
}

// replaceBy has the caller get the recorded outcome in place of the handler's answer.
func (g *guardedCall) replaceBy(record *backend.Record, result *Result) {
	if record.State == backend.Done {
		*result = Result{Replayed: true, Outcome: record.Outcome, Attempt: int(g.handler.claim.attempt), Waited: g.waited}
	}
}
