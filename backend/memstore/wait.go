package memstore

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Wait implements [backend.Waiter]. It returns as soon as the claim is finished,
// released or taken over, or its lease has expired, and not earlier.
func (s *Store) Wait(ctx context.Context, key backend.Key, token backend.Token) error {
	for {
		ended, left, err := s.watch(ctx, key, token)
		if err != nil || ended == nil {
			return err
		}
		if err := pause(ctx, ended, left); err != nil {
			return err
		}
	}
}

// watch returns the channel that all waiters for the claim share, and how much
// of its lease is left. The channel is nil if the claim has ended.
func (s *Store) watch(ctx context.Context, key backend.Key, token backend.Token) (<-chan struct{}, time.Duration, error) {
	sh, now, err := s.lock(ctx, key)
	if err != nil {
		return nil, 0, err
	}
	defer sh.mu.Unlock()
	rec := sh.find(key, now)
	if !rec.isAlive(token, now) {
		return nil, 0, nil
	}
	return sh.wait(rec), rec.leaseEnd.until(now), nil
}

// pause returns when the claim may have ended: its channel was closed or its
// lease has expired. It returns an error if the context ends first.
func pause(ctx context.Context, ended <-chan struct{}, left time.Duration) error {
	expiry := time.NewTimer(left)
	defer expiry.Stop()
	select {
	case <-ended:
		return nil
	case <-expiry.C:
		return nil
	case <-ctx.Done():
		return contextEnded(ctx.Err())
	}
}
