package backend

import (
	"context"
	"errors"
	"math"
	"time"
)

// Forever as a retention keeps a record without end.
const Forever = time.Duration(math.MaxInt64)

// ErrClaimLost is returned when a token no longer stands in its record: the
// claim was taken over, released, finished or has expired.
var ErrClaimLost = errors.New("backend: claim lost")

// ErrFull is returned by Claim when a store that was given a limit has
// reached it. It refuses new work rather than forget what it has promised to
// remember.
var ErrFull = errors.New("backend: store full")

// ErrClosed is returned by every method of a store that has been closed.
var ErrClosed = errors.New("backend: store closed")

// ErrCorrupt is returned by Claim when what stands under the key cannot be
// read: it is no record, or one in a format this version does not know.
// Nothing is changed, and the operation must not run.
var ErrCorrupt = errors.New("backend: unreadable record")

// Store keeps at most one record for each key. The promises it makes are
// numbered in the package documentation.
type Store interface {
	// Claim asks for the exclusive right to run the operation behind key,
	// in one round trip where the key is absent or finished. The claim has
	// been won if and only if the returned record carries the claim's token.
	Claim(ctx context.Context, key Key, claim Claim) (Record, error)

	// Extend is the heartbeat of a won claim: its lease runs anew for the
	// given time, which may be zero, and its retention follows.
	Extend(ctx context.Context, key Key, token Token, lease, retention time.Duration) error

	// Complete finishes a won claim, in one round trip.
	Complete(ctx context.Context, key Key, token Token, outcome Outcome) error

	// Release gives a won claim back, as though it had never been made.
	Release(ctx context.Context, key Key, token Token) error
}

// Waiter is implemented by a store that can tell when a claim has ended.
type Waiter interface {
	// Wait returns nil once the record of key is no longer running under
	// token with a living lease. It may return nil earlier; a caller claims
	// again to see what stands there. It returns the context's error when the
	// context ends first.
	Wait(ctx context.Context, key Key, token Token) error
}

// Remaining is implemented by a store that can tell how long a finished record
// will stay. A cache in front of the store asks.
type Remaining interface {
	// Left returns how long the record of key, which was finished under token,
	// is retained from now on: no longer than it is, and [Forever] if without
	// end. It returns [ErrClaimLost] if no record stands there that was
	// finished under token. It changes nothing.
	Left(ctx context.Context, key Key, token Token) (time.Duration, error)
}
