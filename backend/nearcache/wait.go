package nearcache

import (
	"context"

	"github.com/oncewire/idempotency/backend"
)

// waitingStore is a Store for a store behind that is a backend.Waiter.
type waitingStore struct {
	*cachedStore

	waiter backend.Waiter
}

// Wait implements [backend.Waiter].
func (s *waitingStore) Wait(ctx context.Context, key backend.Key, token backend.Token) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	return s.waiter.Wait(ctx, key, token)
}
