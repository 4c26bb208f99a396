package pgstore_test

import (
	"sync"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
)

// TestReplayOpensNoTransaction where the store knows the key: since it committed its
// record, or has found it once.
func TestReplayOpensNoTransaction(t *testing.T) {
	t.Parallel()
	d := own(t)
	pool := d.pool(t)
	for name, open := range map[string]int64{"the store that committed it": 0, "another store": 1} {
		owner, key, c := d.storeOn(t, pool), newKey(), newClaim()
		_, transaction, err := owner.Begin(t.Context(), key, c)
		ok(t, err)
		ok(t, transaction.Commit(t.Context(), outcome("done")))
		counted := &counter{Pool: pool}
		s := d.storeOn(t, counted)
		if open == 0 {
			counted, s = nil, owner
		}
		before := pool.Stat().AcquireCount()
		for range 3 {
			record, transaction, err := s.Begin(t.Context(), key, newClaim())
			if err != nil || transaction != nil || record.State != backend.Done || string(record.Outcome) != "done" {
				t.Errorf("%s: state %d, %v", name, record.State, err)
			}
		}
		if counted != nil && (counted.acquires.Load() != open || counted.rows.Load() != 2) {
			t.Errorf("%s: %d transactions and %d reads, want %d and 2", name, counted.acquires.Load(), counted.rows.Load(), open)
		}
		if got := pool.Stat().AcquireCount() - before; got != 3 {
			t.Errorf("%s: %d connections taken, want 3", name, got)
		}
	}
}

// TestReplaysAtTheSameTime in a process that sees the key for the first time: the
// transaction that one of them opens does not keep the others from the record.
func TestReplaysAtTheSameTime(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		_, err := s.run(key, key, nil)
		ok(t, err)
		other := *s
		other.open(s.pool, idempotency.Policy{})
		var running sync.WaitGroup
		for range 8 {
			running.Go(func() {
				result, err := other.run(key, key, nil)
				s.answers(result, err, key, true)
			})
		}
		running.Wait()
	}
	s.wantEntries(5)
}
