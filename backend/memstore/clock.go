package memstore

import (
	"math"
	"time"
)

// instant is a point in time, as the monotonic time since the store opened.
type instant time.Duration

// never is later than everything else: what expires then does not expire.
const never = instant(math.MaxInt64)

// now returns the current instant.
func (s *Store) now() instant { return instant(time.Since(s.opened)) }

// after returns the instant that is d later. A d below zero counts as zero,
// and one that is too long to add, such as backend.Forever, leads to never.
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

// until returns the time from now to the instant; less than zero if passed.
func (i instant) until(now instant) time.Duration { return time.Duration(i - now) }
