package memstore

import "slices"

// unqueued is the slot of a record that never expires.
const unqueued = -1

// queue is a binary heap of records, the next to expire in front. Each record
// knows its slot, so that it can be moved and removed without a search; each
// slot knows its expiry, so that comparing does not touch the records.
type queue struct{ slots []slot }

type slot struct {
	expires instant
	rec     *record
}

// place puts the record where its expiry belongs.
func (q *queue) place(rec *record) {
	if rec.expires == never {
		q.remove(rec)
		return
	}
	if rec.slot == unqueued {
		rec.slot = len(q.slots)
		q.slots = append(q.slots, slot{})
	}
	q.settle(rec.slot, slot{rec.expires, rec})
}

// remove takes the record out, if it is in. The last slot fills the gap, and
// is cleared, as it would keep its record in memory.
func (q *queue) remove(rec *record) {
	gap, last := rec.slot, len(q.slots)-1
	if gap == unqueued {
		return
	}
	rec.slot = unqueued
	moved := q.slots[last]
	q.slots[last] = slot{}
	q.slots = q.slots[:last]
	if gap < last {
		q.settle(gap, moved)
	}
}

// first returns the next record to expire, or nil.
func (q *queue) first() *record {
	if len(q.slots) == 0 {
		return nil
	}
	return q.slots[0].rec
}

// clip gives back the room that is not used.
func (q *queue) clip() { q.slots = slices.Clone(q.slots) }

// settle puts s where it belongs, when its place would be i or above it or
// below it. Those that it passes move into the gap.
func (q *queue) settle(i int, s slot) {
	for up := (i - 1) / 2; i > 0 && s.expires < q.slots[up].expires; up = (i - 1) / 2 {
		q.set(i, q.slots[up])
		i = up
	}
	for down := q.child(i); down > 0 && q.slots[down].expires < s.expires; down = q.child(i) {
		q.set(i, q.slots[down])
		i = down
	}
	q.set(i, s)
}

// child returns the child of i that expires first, or 0 if it has none.
func (q *queue) child(i int) int {
	left, right := 2*i+1, 2*i+2
	switch {
	case left >= len(q.slots):
		return 0
	case right < len(q.slots) && q.slots[right].expires < q.slots[left].expires:
		return right
	default:
		return left
	}
}

func (q *queue) set(i int, s slot) {
	q.slots[i] = s
	s.rec.slot = i
}
