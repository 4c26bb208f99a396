package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// explain adds to the error of a step which one it was, what to do about it where
// that is known, and the context's error if that has ended.
func explain(ctx context.Context, what string, err error) error {
	switch {
	case errors.Is(err, backend.ErrClaimLost), errors.Is(err, backend.ErrCorrupt), errors.Is(err, backend.ErrLocked):
		return err
	case sqlState(err) == "22008": // no lease is infinite
		return corrupt("%s: %w", what, err)
	}
	if ended := ended(ctx); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("pgstore: %s: %w: %w", what, ended, err)
	}
	if advice := advice(err); advice != "" {
		return fmt.Errorf("pgstore: %s: %s: %w", what, advice, err)
	}
	return fmt.Errorf("pgstore: %s: %w", what, err)
}

// advice says how to fix what an operator has to fix.
func advice(err error) string {
	switch sqlState(err) {
	case "42P01", "42883", "42703", "3F000": // undefined table, function, column, schema
		return "the schema is missing or out of date, run pgstore.Migrate"
	case "42501":
		return "the role lacks a privilege, see Privileges in the documentation of package pgstore"
	case "25006":
		return "the server is read-only, connect to the primary"
	default:
		return ""
	}
}

// sqlState returns the SQLSTATE of an error of any driver; "" for none.
func sqlState(err error) string {
	if failure, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return failure.SQLState()
	}
	return ""
}

// isLocked reports whether a statement gave up waiting for a lock.
func isLocked(err error) bool { return sqlState(err) == "55P03" } // lock_not_available

// ended returns the error of a context that has ended. A connection can reach the
// deadline a moment before the context does.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// contextEnded is the error of a step whose context has ended.
func contextEnded(err error) error { return fmt.Errorf("pgstore: %w", err) }

// corrupt is the error of a row that cannot be read.
func corrupt(format string, arguments ...any) error {
	return fmt.Errorf("pgstore: %w: %w", backend.ErrCorrupt, fmt.Errorf(format, arguments...))
}
