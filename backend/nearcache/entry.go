package nearcache

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

// entryBytes is the size of an entry without its outcome. The documentation of
// WithMaxBytes states it.
const entryBytes = 512

// entry is a cached record: a finished record, or the running record of a claim
// that this process has won and not completed yet. An entry never changes.
type entry struct {
	record  backend.Record
	expires expiry
}

// newClaimEntry returns the entry of a claim that was sent at the given time and
// has won. It expires when the record would expire without a heartbeat, so the
// outcome of a longer call is not cached by its completion.
func newClaimEntry(rec backend.Record, claim backend.Claim, sent time.Time) *entry {
	lease, life := max(claim.Lease, 0), backend.Forever
	if retention := max(claim.Retention, 0); lease < backend.Forever-retention {
		life = lease + retention
	}
	return &entry{record: rec, expires: newExpiry(sent, life)}
}

// replays reports whether Claim may return the entry now.
func (e *entry) replays(now time.Time) bool {
	return e.record.State != backend.Running && !e.expires.passed(now)
}

// isClaim reports whether the entry is that of the claim with the token.
func (e *entry) isClaim(token backend.Token) bool {
	return e.record.State == backend.Running && e.record.Token == token
}

// finished returns the finished entry of a claim whose completion was sent at
// the given time. The retention starts when the store applies the completion,
// which is later.
func (e *entry) finished(outcome backend.Outcome, sent time.Time) *entry {
	rec := e.record
	rec.State = outcome.State()
	rec.LeaseLeft = 0
	rec.Outcome = outcome.Bytes
	return &entry{record: rec, expires: newExpiry(sent, outcome.Retention)}
}

// size returns the size of the entry as WithMaxBytes counts it. It counts the
// capacity of the outcome, because that stays in memory.
func (e *entry) size() int64 { return entryBytes + int64(cap(e.record.Outcome)) }
