package backendtest

import (
	"context"

	"github.com/oncewire/idempotency/backend"
)

// FaultyWaiter is a [Faulty] store that is also a [backend.Waiter].
type FaultyWaiter struct {
	*Faulty

	waiter backend.Waiter
}

// NewFaultyWaiter is [NewFaulty] for a store that is a [backend.Waiter].
func NewFaultyWaiter(store interface {
	backend.Store
	backend.Waiter
}, hook func(Op) Fault) *FaultyWaiter {
	return &FaultyWaiter{Faulty: NewFaulty(store, hook), waiter: store}
}

// Wait implements [backend.Waiter].
func (f *FaultyWaiter) Wait(ctx context.Context, key backend.Key, token backend.Token) error {
	return f.withFault(ctx, OpWait, func() error { return f.waiter.Wait(ctx, key, token) })
}
