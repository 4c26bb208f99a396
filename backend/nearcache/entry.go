package nearcache

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

// entry is what is kept under a key: a finished record, or the note that a
// claim was won here and has not been completed since. It never changes.
type entry struct {
	record  backend.Record
	expires expiry
}

// noteOf returns the note of a claim that was sent at the given time and has
// won. It is dropped when the record would expire that nobody extends: a call
// that takes longer is not kept when it completes.
func noteOf(rec backend.Record, claim backend.Claim, sent time.Time) *entry {
	lease, life := max(claim.Lease, 0), backend.Forever
	if retention := max(claim.Retention, 0); lease < backend.Forever-retention {
		life = lease + retention
	}
	return &entry{record: rec, expires: expiryOf(sent, life)}
}

// replays reports whether a claim made now may be answered with the entry.
func (e *entry) replays(now time.Time) bool {
	return e.record.State != backend.Running && !e.expires.passed(now)
}

// notes reports whether the entry is the note of a claim with that token.
func (e *entry) notes(token backend.Token) bool {
	return e.record.State == backend.Running && e.record.Token == token
}

// finished returns the entry of a noted claim whose completion was sent at the
// given time. The retention runs from when the store applied it, so later.
func (e *entry) finished(outcome backend.Outcome, sent time.Time) *entry {
	rec := e.record
	rec.State = outcome.State()
	rec.LeaseLeft = 0
	rec.Outcome = outcome.Bytes
	return &entry{record: rec, expires: expiryOf(sent, outcome.Retention)}
}

// size returns what the entry counts against the limit in bytes: the room of
// its outcome, as the length may be less than what stays in memory for it.
func (e *entry) size() int64 { return entryBytes + int64(cap(e.record.Outcome)) }
