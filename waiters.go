package idempotency

import (
	"sync"

	"github.com/oncewire/idempotency/backend"
)

// waiters bounds the calls that wait for another one, since each holds its
// request.
type waiters struct {
	perKey, total int

	mu    sync.Mutex
	count int
	byKey map[backend.Key]int // of keys with at least one waiter
}

// enter counts one more waiter, or reports false if a bound is reached.
func (w *waiters) enter(key backend.Key) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count >= w.total || w.byKey[key] >= w.perKey {
		return false
	}
	if w.byKey == nil {
		w.byKey = map[backend.Key]int{}
	}
	w.count++
	w.byKey[key]++
	return true
}

func (w *waiters) leave(key backend.Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count--
	if w.byKey[key]--; w.byKey[key] == 0 {
		delete(w.byKey, key)
	}
}
