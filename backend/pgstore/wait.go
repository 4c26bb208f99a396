package pgstore

import (
	"context"
	"errors"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/sleep"
)

var _ backend.Waiter = (*Store)(nil)

// Wait implements [backend.Waiter]. All callers that wait in this process for one
// claim share a subscription. It ends when the claim is completed or released and
// PostgreSQL notifies of that, see [WithListener], or when the store looks at the
// claim and finds that it has ended, see [WithPollInterval]. Ends of claims for
// which no caller waits are not notified.
//
// With more than 10,000 claims waited for, Wait returns after one poll interval,
// as the contract allows.
//
// With the zero token it waits for a transaction that holds the key, on a connection
// of the pool that all callers share which wait for that key. Four connections at
// most are used for that; for more keys Wait returns after one poll interval.
func (s *Store) Wait(ctx context.Context, key backend.Key, token backend.Token) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	if token == (backend.Token{}) {
		return s.waitForLock(ctx, key)
	}
	sub, err := s.subscriptions.join(claimID{key, token})
	if errors.Is(err, errTooMany) {
		return s.pause(ctx)
	}
	if err != nil {
		return err
	}
	defer s.subscriptions.leave(sub)
	select {
	case <-sub.done:
		return sub.err
	case <-ctx.Done():
		return contextEnded(ctx.Err())
	}
}

// waitForLock waits until no transaction holds the key.
func (s *Store) waitForLock(ctx context.Context, key backend.Key) error {
	locked, err := s.lockWaits.join(key)
	if errors.Is(err, errTooMany) {
		return s.pause(ctx)
	}
	if err != nil {
		return err
	}
	defer s.lockWaits.leave(locked)
	select {
	case <-locked.done:
		return locked.err
	case <-ctx.Done():
		return contextEnded(ctx.Err())
	}
}

// pause waits for one poll interval.
func (s *Store) pause(ctx context.Context) error {
	if sleep.For(ctx, s.pollInterval) {
		return nil
	}
	return contextEnded(ctx.Err())
}
