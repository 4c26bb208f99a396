package memstore

import "time"

// sweepDelay is how long an expired record may stay in memory. It lets one sweep
// free all records that expire at about the same time.
const sweepDelay = 5 * time.Millisecond

// sweeper is the timer that starts the sweeps of a shard. The lock of the shard
// protects it.
type sweeper struct {
	sweep func()
	timer *time.Timer
	due   instant // when the timer fires; zero while it is not armed
}

// arm makes a sweep follow the given expiry. It leaves a timer that fires
// earlier unchanged: that sweep frees nothing and arms the timer again, which is
// cheaper than resetting the timer in every call.
func (s *sweeper) arm(expiry, now instant) {
	due := expiry.after(sweepDelay)
	if s.due != 0 && s.due <= due {
		return
	}
	s.due = due
	if s.timer == nil {
		s.timer = time.AfterFunc(due.until(now), s.sweep)
		return
	}
	s.timer.Reset(due.until(now))
}

// disarm stops the timer.
func (s *sweeper) disarm() {
	if s.due != 0 {
		s.due = 0
		s.timer.Stop()
	}
}
