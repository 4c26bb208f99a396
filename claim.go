package idempotency

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// claim is the exclusive right to run an operation. It holds what the steps of
// the store need and nothing of the request, so that what outlives a call can
// hold its claim.
type claim struct {
	store     backend.Store
	policy    *Policy       // for lease and retention
	timeout   time.Duration // of one step
	operation string
	key       backend.Key
	token     backend.Token
	attempt   uint32 // 0 while the claim is not confirmed
}

// request returns the claim as it is requested, in place of an expired one if
// there is one.
func (c *claim) request(fingerprint backend.Fingerprint, expired *backend.Record) backend.Claim {
	return backend.Claim{
		Token:       c.token,
		Replaces:    expired.Token,
		Attempt:     expired.Attempt + 1,
		Fingerprint: fingerprint,
		Lease:       c.policy.Lease,
		Retention:   c.policy.Retention,
	}
}

// extend sends a heartbeat, which extends the lease.
func (c *claim) extend(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return c.store.Extend(ctx, c.key, c.token, c.policy.Lease, c.policy.Retention)
}

// finish records, releases or abandons. An abandoned claim is one whose lease
// has ended.
func (c *claim) finish(ctx context.Context, f finish) error {
	switch {
	case f.done:
		return nil
	case f.byReference:
		return c.store.Extend(ctx, c.key, c.token, 0, f.outcome.Retention)
	case f.verdict == Record:
		return c.store.Complete(ctx, c.key, c.token, f.outcome)
	case f.verdict == Release:
		return c.store.Release(ctx, c.key, c.token)
	default:
		return c.store.Extend(ctx, c.key, c.token, 0, c.policy.Retention)
	}
}

// shortTimeout bounds a step that must end while the claim lives: three of them
// fit into its lease.
func (c *claim) shortTimeout() time.Duration { return min(c.timeout, c.policy.Lease/3) }

// event returns an event about the claim.
func (c *claim) event(kind EventKind) Event {
	return Event{Kind: kind, Operation: c.operation, Key: c.key, Attempt: int(c.attempt)}
}
