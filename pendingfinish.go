package idempotency

import "context"

// pendingFinish is a claim whose finish is retried.
type pendingFinish struct {
	claim  claim
	finish finish
}

func (p *pendingFinish) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.claim.shortTimeout())
	defer cancel()
	return p.claim.finish(ctx, p.finish)
}

// keepAlive extends the lease of a claim whose outcome is not recorded yet: a
// store that is out of memory may refuse an outcome and still accept a heartbeat.
func (p *pendingFinish) keepAlive(ctx context.Context) {
	if p.finish.verdict == Record {
		_ = p.claim.extend(ctx, p.claim.shortTimeout())
	}
}
