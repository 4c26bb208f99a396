package backend

import (
	"context"
	"errors"
	"math"
	"time"
)

// Forever is a retention that never ends.
const Forever = time.Duration(math.MaxInt64)

// ErrClaimLost is returned when the record no longer runs under the token: the
// claim was taken over, released or finished, or its retention has ended.
var ErrClaimLost = errors.New("backend: claim lost")

// ErrFull is returned by Claim when the store has reached a configured limit.
// A full store refuses new claims; it never drops a record before its retention
// has ended.
var ErrFull = errors.New("backend: store full")

// ErrClosed is returned by every method of a closed store.
var ErrClosed = errors.New("backend: store closed")

// ErrCorrupt is returned by Claim when the stored value cannot be read: it is
// not a record, or has a format that this version does not know. Claim changes
// nothing, and the operation must not run.
var ErrCorrupt = errors.New("backend: unreadable record")

// Store holds at most one record for each key. The package documentation
// numbers the promises that every Store makes.
type Store interface {
	// Claim requests the exclusive right to run the operation for key. The
	// claim has won if and only if the returned record has the claim's token.
	// It takes one round trip if the key is absent or finished.
	Claim(ctx context.Context, key Key, claim Claim) (Record, error)

	// Extend is the heartbeat of a claim that has won. It restarts the lease
	// with the given duration, which may be zero; the retention follows it.
	Extend(ctx context.Context, key Key, token Token, lease, retention time.Duration) error

	// Complete finishes a claim that has won, in one round trip.
	Complete(ctx context.Context, key Key, token Token, outcome Outcome) error

	// Release removes a claim that has won, so that the key is absent again.
	Release(ctx context.Context, key Key, token Token) error
}

// Waiter is implemented by a store that can report the end of a claim.
type Waiter interface {
	// Wait returns nil when the record of key no longer runs under token with
	// an unexpired lease. It may return nil earlier; callers claim again to
	// see the current record. Wait returns the context's error if the context
	// ends first. The zero token stands for the claim of a [Transaction] that has
	// not ended.
	Wait(ctx context.Context, key Key, token Token) error
}

// Remaining is implemented by a store that can report how much of the
// retention of a finished record is left. A cache needs it to know how long it
// may hold the record.
type Remaining interface {
	// RetentionLeft returns how long the record of key, finished under token,
	// is still retained: at most the true time, and [Forever] if the retention
	// never ends. It returns [ErrClaimLost] if the key has no record that was
	// finished under token. It changes nothing.
	RetentionLeft(ctx context.Context, key Key, token Token) (time.Duration, error)
}
