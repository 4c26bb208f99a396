package nearcache

import (
	"context"

	"github.com/oncewire/idempotency/backend"
)

var (
	_ Store          = (*store)(nil)
	_ Store          = (*waitingStore)(nil)
	_ backend.Waiter = (*waitingStore)(nil)
)

// waitingStore is a Store on one that can wait.
type waitingStore struct {
	*store

	waiter backend.Waiter
}

// Wait implements [backend.Waiter].
func (s *waitingStore) Wait(ctx context.Context, key backend.Key, token backend.Token) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	return s.waiter.Wait(ctx, key, token)
}
