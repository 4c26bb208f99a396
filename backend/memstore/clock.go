package memstore

import (
	"math"
	"time"

	"github.com/oncewire/idempotency/internal/memclock"
)

// clock is the monotonic clock of a store.
type clock struct {
	start time.Time
	ahead *memclock.Ahead // nil except in tests
}

func (c clock) now() instant {
	now := time.Since(c.start)
	if c.ahead != nil {
		now += c.ahead.Duration()
	}
	return instant(now)
}

// instant is a point in time: the monotonic time since the store was made.
type instant time.Duration

// never is later than every other instant.
const never = instant(math.MaxInt64)

// after returns the instant that is d later. A negative d counts as zero. If d
// is too long to add, as backend.Forever is, the result is never.
func (i instant) after(d time.Duration) instant {
	switch {
	case d <= 0:
		return i
	case instant(d) >= never-i:
		return never
	default:
		return i + instant(d)
	}
}

// until returns the time from now to the instant; negative if it has passed.
func (i instant) until(now instant) time.Duration { return time.Duration(i - now) }
