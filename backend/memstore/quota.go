package memstore

import "sync/atomic"

// quota counts the use of one resource by all shards. A limit of zero or less means
// no limit: then nothing is counted, since a counter that all processors change would
// slow each of them down.
type quota struct {
	limit int64
	used  atomic.Int64
}

// take uses n more, unless that would exceed the limit. It compares and swaps:
// if it added first and subtracted after a refusal, a concurrent claim that
// fits could be refused.
func (q *quota) take(n int64) bool {
	if q.limit <= 0 {
		return true
	}
	for {
		used := q.used.Load()
		if used+n > q.limit {
			return false
		}
		if q.used.CompareAndSwap(used, used+n) {
			return true
		}
	}
}

// add uses n more without regard to the limit; n may be negative.
func (q *quota) add(n int64) {
	if q.limit > 0 {
		q.used.Add(n)
	}
}

// usage is the limited use of a store: how many records, and how many bytes.
type usage struct{ records, bytes quota }

// admit counts one more record of that size, and reports whether it fits.
func (u *usage) admit(size int64) bool {
	if !u.records.take(1) {
		return false
	}
	if !u.bytes.take(size) {
		u.records.add(-1)
		return false
	}
	return true
}

// remove counts one record of that size less.
func (u *usage) remove(size int64) {
	u.records.add(-1)
	u.bytes.add(-size)
}
