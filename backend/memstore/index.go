package memstore

import (
	"encoding/binary"
	"maps"

	"github.com/oncewire/idempotency/backend"
)

// index finds the records of a shard by their keys. Keys are digests, so their first
// eight bytes nearly always differ, and a map of eight bytes takes half the memory of
// a map of whole keys. A client can search for keys that share eight bytes: the second
// one and all others are in overflow, where they cost no more than any record.
type index struct {
	first    map[uint64]*record
	overflow map[backend.Key]*record
}

func newIndex(size int) index {
	return index{first: make(map[uint64]*record, size), overflow: map[backend.Key]*record{}}
}

func firstBytes(key *backend.Key) uint64 { return binary.NativeEndian.Uint64(key[:]) }

// get returns the record of key, or nil.
func (x *index) get(key *backend.Key) *record {
	if rec := x.first[firstBytes(key)]; rec != nil && rec.key == *key {
		return rec
	}
	return x.overflow[*key]
}

// add adds the record of a key that has none.
func (x *index) add(rec *record) {
	short := firstBytes(&rec.key)
	if x.first[short] == nil {
		x.first[short] = rec
	} else {
		x.overflow[rec.key] = rec
	}
}

// remove removes a record that was added.
func (x *index) remove(rec *record) {
	if short := firstBytes(&rec.key); x.first[short] == rec {
		delete(x.first, short)
	} else {
		delete(x.overflow, rec.key)
	}
}

func (x *index) len() int { return len(x.first) + len(x.overflow) }

// clone returns an index of the same records that has no room for more.
func (x *index) clone() index {
	c := newIndex(len(x.first))
	maps.Copy(c.first, x.first)
	maps.Copy(c.overflow, x.overflow)
	return c
}
