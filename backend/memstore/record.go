package memstore

import "github.com/oncewire/idempotency/backend"

// record is what stands under a key. The lock of its shard guards it.
type record struct {
	key         backend.Key
	token       backend.Token
	fingerprint backend.Fingerprint
	state       backend.State
	attempt     uint32
	slot        int     // place in the shard's queue, or unqueued
	lapses      instant // end of the lease, while running
	expires     instant // from then on the record is absent
	outcome     []byte
	ended       chan struct{} // closed when waiters must look again; nil without any
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
		v.LeaseLeft = r.lapses.until(now)
	}
	return v
}

// runs reports whether the record is there, and running under token.
func (r *record) runs(token backend.Token) bool {
	return r != nil && r.state == backend.Running && r.token == token
}

// finished reports whether the record is there, and was finished under token.
func (r *record) finished(token backend.Token) bool {
	return r != nil && r.state != backend.Running && r.token == token
}

// alive reports whether the record runs under token on a lease that lives.
func (r *record) alive(token backend.Token, now instant) bool {
	return r.runs(token) && r.lapses > now
}

// yields reports whether claim may take the record over. A claim that is sent
// again after it has won finds its own token, and so takes nothing over.
func (r *record) yields(claim backend.Claim, now instant) bool {
	return r.runs(claim.Replaces) && r.lapses <= now
}

// size returns what the record counts against the limit in bytes.
func (r *record) size() int64 { return recordBytes + int64(len(r.outcome)) }

// wake makes every waiter look again.
func (r *record) wake() {
	if r.ended != nil {
		close(r.ended)
		r.ended = nil
	}
}
