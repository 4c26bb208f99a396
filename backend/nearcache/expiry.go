package nearcache

import (
	"math"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// driftMargin is the fraction of its time by which a record is dropped early:
// one part in 1000. NTP corrects a clock by at most 500 parts per million, and
// two clocks are involved: the store's and that of this process.
const driftMargin = 1000

// expiry is the time from which a record must not be returned, by two clocks.
// The zero expiry never passes.
type expiry struct {
	monotonic time.Time
	wall      time.Time
}

// newExpiry returns the expiry of a record that had the given time left at some
// moment after since.
func newExpiry(since time.Time, left time.Duration) expiry {
	if left == backend.Forever {
		return expiry{}
	}
	end := since.Add(left - left/driftMargin)
	return expiry{monotonic: end, wall: end.Round(0)}
}

// passed reports whether either clock has reached the expiry.
func (e expiry) passed(now time.Time) bool {
	return !e.monotonic.IsZero() && (!now.Before(e.monotonic) || !now.Before(e.wall))
}

// left returns how long an entry is cached from now on; always positive.
func (e expiry) left() time.Duration {
	if e.monotonic.IsZero() {
		return math.MaxInt64
	}
	return max(time.Until(e.monotonic), 1)
}
