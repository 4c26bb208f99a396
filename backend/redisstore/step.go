package redisstore

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// defaultOwnTimeout limits steps without a caller's context if WithTimeout is
// not set.
const defaultOwnTimeout = time.Second

// steps runs the steps of the contract: it limits their time and converts
// their errors.
type steps struct {
	timeout time.Duration // zero for no limit other than the context
	reload  *reloader
	closed  atomic.Bool
}

// run runs one step. The method is the name of the step in errors.
func (s *steps) run(ctx context.Context, method string, do func(context.Context) error) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	if s.timeout > 0 {
		limited, cancel := context.WithTimeout(ctx, s.timeout)
		defer cancel()
		ctx = limited
	}
	if err := do(ctx); err != nil {
		s.reload.afterError(ctx, err)
		return stepError(ctx, method, err)
	}
	return nil
}

// check returns an error if a step must not start.
func (s *steps) check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return contextEnded(err)
	}
	if s.closed.Load() {
		return backend.ErrClosed
	}
	return nil
}

// ownTimeout limits steps that the store starts by itself.
func (s *steps) ownTimeout() time.Duration {
	if s.timeout > 0 {
		return s.timeout
	}
	return defaultOwnTimeout
}
