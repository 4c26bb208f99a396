package idempotency

import (
	"sync"

	"github.com/oncewire/idempotency/backend"
)

// waiters bounds the calls that wait for another one: each holds its request.
type waiters struct {
	perKey, total int

	mu      sync.Mutex
	waiting int
	of      map[backend.Key]int // only keys that somebody waits for
}

// enter reports whether one more call may wait for the key. It must leave.
func (w *waiters) enter(key backend.Key) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting >= w.total || w.of[key] >= w.perKey {
		return false
	}
	if w.of == nil {
		w.of = map[backend.Key]int{}
	}
	w.waiting++
	w.of[key]++
	return true
}

func (w *waiters) leave(key backend.Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting--
	if w.of[key]--; w.of[key] == 0 {
		delete(w.of, key)
	}
}
