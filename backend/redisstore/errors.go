package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// ErrTooFewReplicas is returned when the master has applied a claim or a
// completion, but fewer replicas than [WithMinReplicas] requires have
// acknowledged it in time. The store then tries to release such a claim.
var ErrTooFewReplicas = errors.New("redisstore: too few replicas")

// stepError returns the error of a step as callers see it: with the method, and
// with the errors of package backend that apply.
func stepError(ctx context.Context, method string, err error) error {
	switch text := err.Error(); {
	case errors.Is(err, backend.ErrClaimLost), errors.Is(err, backend.ErrCorrupt):
		return err
	case strings.Contains(text, "WRONGTYPE"):
		return fmt.Errorf("redisstore: %s: %w: %w", method, backend.ErrCorrupt, err)
	case method == "claim" && strings.Contains(text, "OOM command not allowed"):
		return fmt.Errorf("redisstore: %s: %w: %w", method, backend.ErrFull, err)
	}
	if cause := contextError(ctx); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("redisstore: %s: %w: %w", method, cause, err)
	}
	return fmt.Errorf("redisstore: %s: %w", method, err)
}

// contextError returns the error of a context that has ended. A connection can
// reach the deadline a moment before the context does.
func contextError(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// contextEnded returns the error of a call whose context has ended with err.
func contextEnded(err error) error { return fmt.Errorf("redisstore: %w", err) }

// corrupt returns the error of a value that cannot be read.
func corrupt(format string, arguments ...any) error {
	return fmt.Errorf("redisstore: %w: %w", backend.ErrCorrupt, fmt.Errorf(format, arguments...))
}
