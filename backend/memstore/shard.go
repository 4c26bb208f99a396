package memstore

import (
	"sync"
	"time"

	"github.com/oncewire/idempotency/backend"
)

const (
	// smallShard is the peak up to which a shard never shrinks its map.
	smallShard = 32
	// sweepBatch is how many records are freed while the lock is held once. It
	// limits how long a call waits when many records expire together.
	sweepBatch = 256
)

// shard holds the records of some of the keys. The lock is held in every method
// except open, close, sweep and clockMoved.
type shard struct {
	clock clock
	usage *usage // of the whole store

	mu      sync.Mutex
	closed  bool
	records index
	bytes   int64 // of the records, as WithMaxBytes counts them
	peak    int   // the largest number of records since the index was made
	queue   queue // the records that will expire
	sweeper sweeper
	// waited has a channel for each running record that has waiters, which is closed
	// to wake them.
	waited map[*record]chan struct{}
}

func (sh *shard) open(c clock, u *usage) {
	sh.clock, sh.usage = c, u
	sh.records = newIndex(0)
	sh.waited = make(map[*record]chan struct{})
	sh.sweeper.sweep = sh.sweep
}

// find returns the record of key, or nil if it is absent. It frees the record if
// it has expired.
func (sh *shard) find(key backend.Key, now instant) *record {
	rec := sh.records.get(&key)
	if rec != nil && sh.queue.expiry(rec) <= now {
		sh.remove(rec, now)
		return nil
	}
	return rec
}

// add returns a new record for an absent key, or nil if the store is full.
func (sh *shard) add(key backend.Key) *record {
	if !sh.usage.admit(recordBytes) {
		return nil
	}
	rec := &record{key: key, slot: unqueued}
	sh.records.add(rec)
	sh.bytes += recordBytes
	sh.peak = max(sh.peak, sh.records.len())
	return rec
}

// start makes the record run under claim. The claim that it replaces has no
// waiters, because its lease has expired.
func (sh *shard) start(rec *record, claim backend.Claim, now instant) {
	rec.state = backend.Running
	rec.token = claim.Token
	rec.attempt = claim.Attempt
	rec.fingerprint = claim.Fingerprint
	sh.startLease(rec, now, claim.Lease, claim.Retention)
}

// startLease starts the lease of the record now; the retention follows it.
// Waiters sleep until the end of the lease, so only an earlier end wakes them.
func (sh *shard) startLease(rec *record, now instant, lease, retention time.Duration) {
	end := now.after(lease)
	if end < rec.leaseEnd {
		sh.wake(rec)
	}
	rec.leaseEnd = end
	sh.setExpiry(rec, end.after(retention), now)
}

// finish stores the outcome in the running record.
func (sh *shard) finish(rec *record, outcome backend.Outcome, now instant) {
	rec.state = outcome.State()
	rec.outcome = outcome.Bytes
	sh.bytes += int64(len(outcome.Bytes))
	sh.usage.bytes.add(int64(len(outcome.Bytes)))
	sh.setExpiry(rec, now.after(outcome.Retention), now)
	sh.wake(rec)
}

func (sh *shard) setExpiry(rec *record, expiry, now instant) {
	sh.queue.place(rec, expiry)
	sh.arm(now)
}

// remove frees the record.
func (sh *shard) remove(rec *record, now instant) {
	sh.records.remove(rec)
	sh.queue.remove(rec)
	sh.bytes -= rec.size()
	sh.usage.remove(rec.size())
	sh.wake(rec)
	sh.shrink()
	sh.arm(now)
}

// wait returns the channel that is closed to make the waiters for the record look at
// it again.
func (sh *shard) wait(rec *record) <-chan struct{} {
	ended := sh.waited[rec]
	if ended == nil {
		ended = make(chan struct{})
		sh.waited[rec] = ended
	}
	return ended
}

// wake makes every waiter look at the record again.
func (sh *shard) wake(rec *record) {
	if ended := sh.waited[rec]; ended != nil {
		close(ended)
		delete(sh.waited, rec)
	}
}

// shrink returns memory after a burst of records; maps and slices do not shrink
// by themselves. It copies at a quarter of the peak, so that the cost of the
// copy is proportional to the number of removed records.
func (sh *shard) shrink() {
	if sh.peak <= smallShard || sh.records.len() > sh.peak/4 {
		return
	}
	sh.records = sh.records.clone()
	sh.peak = sh.records.len()
	sh.queue.clip()
}

// arm makes a sweep follow the next expiry, if a record will expire.
func (sh *shard) arm(now instant) {
	if next, expiry := sh.queue.first(); next != nil {
		sh.sweeper.arm(expiry, now)
		return
	}
	sh.sweeper.disarm()
}

// sweep frees expired records. The timer runs it. The timer counts as armed
// during the sweep, so that only the last line arms it again.
func (sh *shard) sweep() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	now := sh.clock.now()
	for range sweepBatch {
		rec, expiry := sh.queue.first()
		if rec == nil || expiry > now {
			break
		}
		sh.remove(rec, now)
	}
	sh.sweeper.due = 0
	sh.arm(now)
}

// clockMoved frees the records that have expired, and makes every waiter look at
// its record again: their timers were set before the clock was moved.
func (sh *shard) clockMoved() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	now := sh.clock.now()
	for rec, expiry := sh.queue.first(); rec != nil && expiry <= now; rec, expiry = sh.queue.first() {
		sh.remove(rec, now)
	}
	for rec := range sh.waited {
		sh.wake(rec)
	}
	sh.sweeper.disarm()
	sh.arm(now)
}

// close frees every record and wakes every waiter.
func (sh *shard) close() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for rec := range sh.waited {
		sh.wake(rec)
	}
	sh.usage.records.add(-int64(sh.records.len()))
	sh.usage.bytes.add(-sh.bytes)
	sh.closed = true
	sh.records, sh.bytes = index{}, 0
	sh.queue = queue{}
	sh.sweeper.disarm()
}
