package memstore

import "slices"

// unqueued is the slot of a record that never expires.
const unqueued = -1

// queue is a binary heap of records, ordered by expiry: the end of the retention,
// from which on a record is absent. Each record has the index of its slot, so that it
// can be moved and removed without a search. The slot has the expiry, so that
// comparisons do not read the records.
type queue struct{ slots []slot }

type slot struct {
	expiry instant
	rec    *record
}

// place inserts or moves the record according to its expiry, which may be never.
func (q *queue) place(rec *record, expiry instant) {
	if expiry == never {
		q.remove(rec)
		return
	}
	if rec.slot == unqueued {
		rec.slot = int32(len(q.slots))
		q.slots = append(q.slots, slot{})
	}
	q.sift(int(rec.slot), slot{expiry, rec})
}

// expiry returns the expiry of the record.
func (q *queue) expiry(rec *record) instant {
	if rec.slot == unqueued {
		return never
	}
	return q.slots[rec.slot].expiry
}

// remove removes the record from the queue, if present. The last slot fills the
// gap and is cleared, so that it does not hold its record in memory.
func (q *queue) remove(rec *record) {
	gap, last := int(rec.slot), len(q.slots)-1
	if gap == unqueued {
		return
	}
	rec.slot = unqueued
	moved := q.slots[last]
	q.slots[last] = slot{}
	q.slots = q.slots[:last]
	if gap < last {
		q.sift(gap, moved)
	}
}

// first returns the next record to expire and its expiry, or nil.
func (q *queue) first() (*record, instant) {
	if len(q.slots) == 0 {
		return nil, never
	}
	return q.slots[0].rec, q.slots[0].expiry
}

// clip releases unused capacity.
func (q *queue) clip() { q.slots = slices.Clone(q.slots) }

// sift inserts s at the gap i or, if the order requires it, above or below. The
// slots that it passes move into the gap.
func (q *queue) sift(i int, s slot) {
	for up := (i - 1) / 2; i > 0 && s.expiry < q.slots[up].expiry; up = (i - 1) / 2 {
		q.set(i, q.slots[up])
		i = up
	}
	for down := q.child(i); down > 0 && q.slots[down].expiry < s.expiry; down = q.child(i) {
		q.set(i, q.slots[down])
		i = down
	}
	q.set(i, s)
}

// child returns the child of i that expires first, or 0 if i has no child.
func (q *queue) child(i int) int {
	left, right := 2*i+1, 2*i+2
	switch {
	case left >= len(q.slots):
		return 0
	case right < len(q.slots) && q.slots[right].expiry < q.slots[left].expiry:
		return right
	default:
		return left
	}
}

func (q *queue) set(i int, s slot) {
	q.slots[i] = s
	s.rec.slot = int32(i)
}
