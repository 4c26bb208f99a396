package nearcache

import (
	"math"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// drift is the part of its time by which a record is dropped early: one in so
// many. A clock that is being corrected by NTP runs at most 500 parts in a
// million fast or slow, and there are two: the store's and ours.
const drift = 1000

// expiry is the time from which on a record must not be served, by two clocks.
// The zero expiry is never.
type expiry struct {
	monotonic time.Time
	wall      time.Time
}

// expiryOf returns when a record expires of which the given time was left at
// some moment after since.
func expiryOf(since time.Time, left time.Duration) expiry {
	if left == backend.Forever {
		return expiry{}
	}
	end := since.Add(left - left/drift)
	return expiry{monotonic: end, wall: end.Round(0)}
}

// passed reports whether either clock has reached the expiry.
func (e expiry) passed(now time.Time) bool {
	return !e.monotonic.IsZero() && (!now.Before(e.monotonic) || !now.Before(e.wall))
}

// left returns for how long an entry is to be held, always more than zero.
func (e expiry) left() time.Duration {
	if e.monotonic.IsZero() {
		return math.MaxInt64
	}
	return max(time.Until(e.monotonic), 1)
}
