package pgstore

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/oncewire/idempotency/backend"
)

// recentKeys remembers some of the keys that were found finished or were committed, for
// Begin to choose its first statement: a guess that costs a round trip when it is wrong.
// A new key takes the place of another one.
type recentKeys [4096]atomic.Uint64

func (r *recentKeys) slot(key backend.Key) (slot *atomic.Uint64, number uint64) {
	number = binary.BigEndian.Uint64(key[:])
	return &r[number%uint64(len(r))], number
}

func (r *recentKeys) add(key backend.Key) {
	slot, number := r.slot(key)
	slot.Store(number)
}

func (r *recentKeys) has(key backend.Key) bool {
	slot, number := r.slot(key)
	return slot.Load() == number
}
