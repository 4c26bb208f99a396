package memstore

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Wait implements [backend.Waiter]. It returns the moment the claim is
// finished, released or taken over, or its lease has lapsed, and not before.
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

// watch returns the channel that all waiters for the claim share, and how
// long its lease has left. The channel is nil if the claim has ended.
func (s *Store) watch(ctx context.Context, key backend.Key, token backend.Token) (<-chan struct{}, time.Duration, error) {
	sh, now, err := s.enter(ctx, key)
	if err != nil {
		return nil, 0, err
	}
	defer sh.mu.Unlock()
	rec := sh.find(key, now)
	if !rec.alive(token, now) {
		return nil, 0, nil
	}
	if rec.ended == nil {
		rec.ended = make(chan struct{})
	}
	return rec.ended, rec.lapses.until(now), nil
}

// pause returns when there is reason to look at the claim again.
func pause(ctx context.Context, ended <-chan struct{}, left time.Duration) error {
	lapse := time.NewTimer(left)
	defer lapse.Stop()
	select {
	case <-ended:
		return nil
	case <-lapse.C:
		return nil
	case <-ctx.Done():
		return contextEnded(ctx.Err())
	}
}
