package memstore

import (
	"maps"
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
	records map[backend.Key]*record
	peak    int   // the largest number of records since the map was made
	queue   queue // the records that will expire
	sweeper sweeper
}

func (sh *shard) open(c clock, u *usage) {
	sh.clock, sh.usage = c, u
	sh.records = make(map[backend.Key]*record)
	sh.sweeper.sweep = sh.sweep
}

// find returns the record of key, or nil if it is absent. It frees the record if
// it has expired.
func (sh *shard) find(key backend.Key, now instant) *record {
	rec := sh.records[key]
	if rec != nil && rec.expiry <= now {
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
	sh.records[key] = rec
	sh.peak = max(sh.peak, len(sh.records))
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
		rec.wake()
	}
	rec.leaseEnd = end
	sh.setExpiry(rec, end.after(retention), now)
}

// finish stores the outcome in the running record.
func (sh *shard) finish(rec *record, outcome backend.Outcome, now instant) {
	rec.state = outcome.State()
	rec.outcome = outcome.Bytes
	sh.usage.bytes.add(int64(len(outcome.Bytes)))
	sh.setExpiry(rec, now.after(outcome.Retention), now)
	rec.wake()
}

func (sh *shard) setExpiry(rec *record, expiry, now instant) {
	rec.expiry = expiry
	sh.queue.place(rec)
	sh.arm(now)
}

// remove frees the record.
func (sh *shard) remove(rec *record, now instant) {
	delete(sh.records, rec.key)
	sh.queue.remove(rec)
	sh.usage.remove(rec.size())
	rec.wake()
	sh.shrink()
	sh.arm(now)
}

// shrink returns memory after a burst of records; maps and slices do not shrink
// by themselves. It copies at a quarter of the peak, so that the cost of the
// copy is proportional to the number of removed records.
func (sh *shard) shrink() {
	if sh.peak <= smallShard || len(sh.records) > sh.peak/4 {
		return
	}
	rest := make(map[backend.Key]*record, len(sh.records))
	maps.Copy(rest, sh.records)
	sh.records = rest
	sh.peak = len(rest)
	sh.queue.clip()
}

// arm makes a sweep follow the next expiry, if a record will expire.
func (sh *shard) arm(now instant) {
	if next := sh.queue.first(); next != nil {
		sh.sweeper.arm(next.expiry, now)
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
		rec := sh.queue.first()
		if rec == nil || rec.expiry > now {
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
	for rec := sh.queue.first(); rec != nil && rec.expiry <= now; rec = sh.queue.first() {
		sh.remove(rec, now)
	}
	for _, rec := range sh.records {
		rec.wake()
	}
	sh.sweeper.disarm()
	sh.arm(now)
}

// close frees every record and wakes every waiter.
func (sh *shard) close() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for _, rec := range sh.records {
		sh.usage.remove(rec.size())
		rec.wake()
	}
	sh.closed = true
	sh.records = nil
	sh.queue = queue{}
	sh.sweeper.disarm()
}
