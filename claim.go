package idempotency

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// claim is the exclusive right to run an operation, with what the steps of the
// store need and nothing of the request: what outlives a call holds its claim.
type claim struct {
	store   backend.Store
	policy  *Policy       // its lease and retention
	timeout time.Duration // of one step
	key     backend.Key
	token   backend.Token
	number  uint32 // of the attempt; 0 while it is not known to be won
}

// acquire asks for the claim, in the place of an expired one if there is one.
func (c *claim) acquire(ctx context.Context, fingerprint Fingerprint, expired *backend.Record) (backend.Record, error) {
	return c.store.Claim(ctx, c.key, backend.Claim{
		Token:       c.token,
		Replaces:    expired.Token,
		Attempt:     expired.Attempt + 1,
		Fingerprint: fingerprint,
		Lease:       c.policy.Lease,
		Retention:   c.policy.Retention,
	})
}

// extend sends a heartbeat.
func (c *claim) extend(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return c.store.Extend(ctx, c.key, c.token, c.policy.Lease, c.policy.Retention)
}

// finish ends the claim.
func (c *claim) finish(ctx context.Context, f finish) error {
	switch f.verdict {
	case Record:
		return c.store.Complete(ctx, c.key, c.token, f.outcome)
	case Release:
		return c.store.Release(ctx, c.key, c.token)
	default:
		return c.store.Extend(ctx, c.key, c.token, 0, c.policy.Retention)
	}
}

// brief bounds a step that has to be over while the claim lives: several fit
// into its lease.
func (c *claim) brief() time.Duration { return min(c.timeout, c.policy.Lease/3) }

// event returns an event about the claim of an operation.
func (c *claim) event(operation string, kind EventKind) Event {
	return Event{Kind: kind, Operation: operation, Key: c.key, Attempt: int(c.number)}
}
