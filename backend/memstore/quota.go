package memstore

import "sync/atomic"

// recordBytes is what a record counts beside its outcome: 144 bytes for the
// record and as many for its share of a shard's map and queue. Measured, the
// two took up to 120. It stands in the documentation of WithMaxBytes.
const recordBytes = 288

// quota counts what all shards use together, against a limit. A limit of zero
// or less is none.
type quota struct {
	limit int64
	used  atomic.Int64
}

// take uses n more, unless that would exceed the limit. It compares and swaps
// rather than adds and takes back, so that a claim that is refused never makes
// another one fail that would have fitted.
func (q *quota) take(n int64) bool {
	for {
		used := q.used.Load()
		if q.limit > 0 && used+n > q.limit {
			return false
		}
		if q.used.CompareAndSwap(used, used+n) {
			return true
		}
	}
}

// add uses n more, whatever the limit; n may be negative.
func (q *quota) add(n int64) { q.used.Add(n) }

// admit makes room for one more record, and reports whether there is any.
func (s *Store) admit() bool {
	if !s.records.take(1) {
		return false
	}
	if !s.bytes.take(recordBytes) {
		s.records.add(-1)
		return false
	}
	return true
}

// dismiss gives back the room of a record.
func (s *Store) dismiss(rec *record) {
	s.records.add(-1)
	s.bytes.add(-rec.size())
}
