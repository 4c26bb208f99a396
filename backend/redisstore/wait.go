package redisstore

import (
	"context"

	"github.com/oncewire/idempotency/backend"
)

// Wait implements [backend.Waiter]. All callers in this process that wait for
// the same claim share one subscription. Redis publishes when the claim is
// finished, released, taken over or given a shorter lease, but only if a
// process waits for it. The subscription also polls, every 2 s while it is
// confirmed and every 100 ms before, to detect the end of the lease and
// messages that a broken connection has lost.
func (s *Store) Wait(ctx context.Context, key backend.Key, token backend.Token) error {
	if err := s.steps.check(ctx); err != nil {
		return err
	}
	sub := s.subscriptions.join(key, token)
	defer s.subscriptions.leave(sub)
	select {
	case <-sub.done:
		return sub.err
	case <-ctx.Done():
		return contextEnded(ctx.Err())
	}
}
