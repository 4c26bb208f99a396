// Package fault makes calls to a store fail on demand. Packages backendtest and
// idempotencytest share it.
package fault

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/internal/sleep"
)

// Fault is the fault of one call. The zero Fault is none.
type Fault struct {
	// Delay delays the call before it reaches the store.
	Delay time.Duration
	// Hang delays the call until the context ends, or until Healed is closed,
	// which may be nil.
	Hang   bool
	Healed <-chan struct{}
	// Err is returned instead of the store's result; nil for the store's own
	// result. Unless Applied is set, the call is not applied.
	Err     error
	Applied bool
}

// Call makes the call with the fault. If the context ends during a delay, it
// returns the context's error and does not make the call.
func (f Fault) Call(ctx context.Context, call func() error) error {
	if err := f.delay(ctx); err != nil {
		return err
	}
	if f.Err == nil {
		return call()
	}
	if f.Applied {
		_ = call() // the reply is lost
	}
	return f.Err
}

func (f Fault) delay(ctx context.Context) error {
	if f.Hang {
		select {
		case <-f.Healed:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if f.Delay <= 0 {
		return nil
	}
	if !sleep.For(ctx, f.Delay) {
		return ctx.Err()
	}
	return nil
}
