package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// ErrTooFewReplicas is returned when a claim or a completion stands on the
// master, but fewer replicas than [WithMinReplicas] asks for have acknowledged
// it in time. Such a claim is given back as far as that can be done.
var ErrTooFewReplicas = errors.New("redisstore: too few replicas")

// explain turns what went wrong in a step into what callers are told. It also
// has a Cluster client look for its masters anew.
func (s *Store) explain(ctx context.Context, what string, err error) error {
	s.reload.after(ctx, err)
	switch text := err.Error(); {
	case errors.Is(err, backend.ErrClaimLost), errors.Is(err, backend.ErrCorrupt):
		return err
	case strings.Contains(text, "WRONGTYPE"):
		return fmt.Errorf("redisstore: %s: %w: %w", what, backend.ErrCorrupt, err)
	case what == "claim" && strings.Contains(text, "OOM command not allowed"):
		return fmt.Errorf("redisstore: %s: %w: %w", what, backend.ErrFull, err)
	}
	if ended := ended(ctx); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("redisstore: %s: %w: %w", what, ended, err)
	}
	return fmt.Errorf("redisstore: %s: %w", what, err)
}

// ended returns the error of a context that has ended. A connection can run
// into the deadline a moment before the context does.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// contextEnded is the error of a call whose context has ended.
func contextEnded(err error) error { return fmt.Errorf("redisstore: %w", err) }

// corrupt is the error of what cannot be read.
func corrupt(format string, arguments ...any) error {
	return fmt.Errorf("redisstore: %w: %w", backend.ErrCorrupt, fmt.Errorf(format, arguments...))
}
