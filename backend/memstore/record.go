package memstore

import "github.com/oncewire/idempotency/backend"

// recordBytes is the size of a record without its outcome: 128 bytes for the record
// and 64 for its share of the index and the queue of a shard, of which up to 59 were
// measured. The documentation of WithMaxBytes states it.
const recordBytes = 192

// record is the record of a key. The lock of its shard protects it. A record that
// expires has its expiry in the queue of the shard.
type record struct {
	key         backend.Key
	token       backend.Token
	fingerprint backend.Fingerprint
	state       backend.State
	attempt     uint32
	slot        int32   // index in the shard's queue, or unqueued
	leaseEnd    instant // end of the lease, while running
	outcome     []byte
}

// view returns the record as callers see it.
func (r *record) view(now instant) backend.Record {
	v := backend.Record{
		State:       r.state,
		Token:       r.token,
		Attempt:     r.attempt,
		Fingerprint: r.fingerprint,
		Outcome:     r.outcome,
	}
	if r.state == backend.Running {
		v.LeaseLeft = r.leaseEnd.until(now)
	}
	return v
}

// isRunning reports whether the record exists and runs under token.
func (r *record) isRunning(token backend.Token) bool {
	return r != nil && r.state == backend.Running && r.token == token
}

// isFinished reports whether the record exists and was finished under token.
func (r *record) isFinished(token backend.Token) bool {
	return r != nil && r.state != backend.Running && r.token == token
}

// isAlive reports whether the record runs under token and its lease has not
// expired.
func (r *record) isAlive(token backend.Token, now instant) bool {
	return r.isRunning(token) && r.leaseEnd > now
}

// isReplacedBy reports whether claim takes the record over. A takeover that is
// sent again finds its own token and takes nothing over.
func (r *record) isReplacedBy(claim backend.Claim, now instant) bool {
	return r.isRunning(claim.Replaces) && r.leaseEnd <= now
}

// size returns the size of the record as WithMaxBytes counts it.
func (r *record) size() int64 { return recordBytes + int64(len(r.outcome)) }
