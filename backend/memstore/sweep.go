package memstore

import "time"

const (
	// sweepDelay is how long an expired record may stay in memory. It lets
	// one sweep free all that expires at about the same time.
	sweepDelay = 5 * time.Millisecond
	// sweepBatch is how many records are freed under one lock, so that a
	// call never waits for long when a burst expires.
	sweepBatch = 256
)

// sweeper is the timer that frees a shard's expired records.
type sweeper struct {
	timer *time.Timer
	due   instant // when the timer fires; zero while it is not armed
}

// arm makes a sweep follow the next expiry. It leaves a timer alone that
// fires too early: that sweep finds nothing and arms it anew, which is cheaper
// than to move it in every call.
func (sh *shard) arm(now instant) {
	next := sh.queue.first()
	if next == nil {
		sh.disarm()
		return
	}
	due := next.expires.after(sweepDelay)
	if sh.sweeper.due != 0 && sh.sweeper.due <= due {
		return
	}
	sh.sweeper.due = due
	if sh.sweeper.timer == nil {
		sh.sweeper.timer = time.AfterFunc(due.until(now), sh.sweep)
		return
	}
	sh.sweeper.timer.Reset(due.until(now))
}

// disarm stops the timer.
func (sh *shard) disarm() {
	if sh.sweeper.due != 0 {
		sh.sweeper.due = 0
		sh.sweeper.timer.Stop()
	}
}

// sweep frees what has expired. The timer calls it. While it works the timer
// counts as armed, so that only the last line arms it again.
func (sh *shard) sweep() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	now := sh.store.now()
	for range sweepBatch {
		rec := sh.queue.first()
		if rec == nil || rec.expires > now {
			break
		}
		sh.remove(rec, now)
	}
	sh.sweeper.due = 0
	sh.arm(now)
}
