package pgstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/oncewire/idempotency/backend"
)

const (
	// maxLockWaits bounds the connections of the pool on which a store waits for
	// locked keys. Callers that wait for more keys look again after a while.
	maxLockWaits = 4
	// lockWait is how long one statement waits for a lock, and so how long a store
	// goes on waiting after its last caller has gone.
	lockWait = 500 * time.Millisecond
)

// lockWaits are the locked keys that callers of one store wait for. All callers that
// wait for one key share a connection.
type lockWaits struct {
	store *Store

	mu     sync.Mutex
	closed bool
	active map[backend.Key]*lockedKey
}

// lockedKey is one key that callers wait for.
type lockedKey struct {
	waiters int
	done    chan struct{}
	err     error // to be read when done is closed
}

func (w *lockWaits) init(s *Store) {
	w.store = s
	w.active = make(map[backend.Key]*lockedKey)
}

// join returns the wait for a key.
func (w *lockWaits) join(key backend.Key) (*lockedKey, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, backend.ErrClosed
	}
	locked := w.active[key]
	if locked == nil {
		if len(w.active) >= maxLockWaits {
			return nil, errTooMany
		}
		locked = &lockedKey{done: make(chan struct{})}
		w.active[key] = locked
		w.store.background.run(func() { w.wait(key, locked) })
	}
	locked.waiters++
	return locked, nil
}

func (w *lockWaits) leave(locked *lockedKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	locked.waiters--
}

// wait waits until the key is not locked or no caller waits for it.
func (w *lockWaits) wait(key backend.Key, locked *lockedKey) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), lockWait+w.store.backgroundTimeout())
		_, err := w.store.afterLock(ctx, key, lockWait)
		cancel()
		if w.end(key, locked, err) {
			return
		}
	}
}

// end ends the wait for a key, unless it is still locked and waited for.
func (w *lockWaits) end(key backend.Key, locked *lockedKey, err error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if errors.Is(err, backend.ErrLocked) && locked.waiters > 0 && !w.closed {
		return false
	}
	if err != nil && !errors.Is(err, backend.ErrLocked) {
		locked.err = err
	}
	delete(w.active, key)
	close(locked.done)
	return true
}

// close ends every wait within the time of one statement.
func (w *lockWaits) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
}
