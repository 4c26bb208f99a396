package memstore

import (
	"maps"
	"sync"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// shard holds the records of some of the keys. Every method but open, close
// and sweep is called with the lock held.
type shard struct {
	store *Store

	mu      sync.Mutex
	closed  bool
	records map[backend.Key]*record
	peak    int   // most records since the map was made
	queue   queue // the records that will expire
	sweeper sweeper
}

// smallShard is the peak up to which a shard keeps its map, whatever leaves.
const smallShard = 32

func (sh *shard) open(s *Store) {
	sh.store = s
	sh.records = make(map[backend.Key]*record)
}

// find returns the record of key, or nil if it is absent. One that has
// expired is absent, and is freed on the way.
func (sh *shard) find(key backend.Key, now instant) *record {
	rec := sh.records[key]
	if rec != nil && rec.expires <= now {
		sh.remove(rec, now)
		return nil
	}
	return rec
}

// add returns a new record for an absent key, or nil if the store is full.
func (sh *shard) add(key backend.Key) *record {
	if !sh.store.admit() {
		return nil
	}
	rec := &record{key: key, slot: unqueued}
	sh.records[key] = rec
	sh.peak = max(sh.peak, len(sh.records))
	return rec
}

// start makes the record run under claim. Nobody waits for the claim that it
// replaces: the lease of that one has lapsed.
func (sh *shard) start(rec *record, claim backend.Claim, now instant) {
	rec.state = backend.Running
	rec.token = claim.Token
	rec.attempt = claim.Attempt
	rec.fingerprint = claim.Fingerprint
	sh.lease(rec, now, claim.Lease, claim.Retention)
}

// lease makes the record's lease run from now, and the retention after it.
// Waiters sleep until the end they know: only an earlier one wakes them.
func (sh *shard) lease(rec *record, now instant, lease, retention time.Duration) {
	lapses := now.after(lease)
	if lapses < rec.lapses {
		rec.wake()
	}
	rec.lapses = lapses
	sh.expire(rec, lapses.after(retention), now)
}

// finish gives the running record its outcome.
func (sh *shard) finish(rec *record, outcome backend.Outcome, now instant) {
	rec.state = outcome.State()
	rec.outcome = outcome.Bytes
	sh.store.bytes.add(int64(len(outcome.Bytes)))
	sh.expire(rec, now.after(outcome.Retention), now)
	rec.wake()
}

// expire makes the record expire at the given instant.
func (sh *shard) expire(rec *record, at, now instant) {
	rec.expires = at
	sh.queue.place(rec)
	sh.arm(now)
}

// remove frees the record.
func (sh *shard) remove(rec *record, now instant) {
	delete(sh.records, rec.key)
	sh.queue.remove(rec)
	sh.store.dismiss(rec)
	rec.wake()
	sh.shrink()
	sh.arm(now)
}

// shrink gives memory back after a burst, as neither a map nor a slice does
// it alone. At a quarter of the peak, the copy is paid for by what has left.
func (sh *shard) shrink() {
	if sh.peak <= smallShard || len(sh.records) > sh.peak/4 {
		return
	}
	kept := make(map[backend.Key]*record, len(sh.records))
	maps.Copy(kept, sh.records)
	sh.records = kept
	sh.peak = len(kept)
	sh.queue.clip()
}

// close frees every record and wakes every waiter.
func (sh *shard) close() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for _, rec := range sh.records {
		sh.store.dismiss(rec)
		rec.wake()
	}
	sh.closed = true
	sh.records = nil
	sh.queue = queue{}
	sh.disarm()
}
