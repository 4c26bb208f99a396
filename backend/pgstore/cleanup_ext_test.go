package pgstore_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/pgstore"
)

// manual leaves the clean-up to the test.
func manual(batch int) pgstore.Option { return pgstore.WithCleanup(0, batch) }

// TestCleanUpUnderChurn: several processes delete what expires while all of them
// write, and the table stays small. Nothing else is deleted.
func TestCleanUpUnderChurn(t *testing.T) {
	d := own(t)
	const processes, callers, calls = 3, 4, 150
	var running sync.WaitGroup
	var most atomic.Int64
	lasting := make([]backend.Key, processes*callers)
	for p := range processes {
		s := d.store(t, pgstore.WithCleanup(10*time.Millisecond, 50))
		for caller := range callers {
			running.Go(func() {
				n := p*callers + caller
				lasting[n] = newKey()
				finish(t, s, lasting[n], "lasts")
				for i := range calls {
					key := newKey()
					c := newClaim()
					c.Lease, c.Retention = time.Second, 10*time.Millisecond
					_, err := s.Claim(t.Context(), key, c)
					if err == nil {
						err = s.Complete(t.Context(), key, c.Token, backend.Outcome{Bytes: []byte("short"), Retention: 10 * time.Millisecond})
					}
					if err != nil {
						t.Error(err)
					}
					if i%50 == 0 {
						most.Store(max(most.Load(), d.rows(t)))
					}
				}
			})
		}
	}
	running.Wait()
	eventually(t, "the clean-up", func() bool { return d.rows(t) == int64(len(lasting)) })
	s := d.store(t)
	for _, key := range lasting {
		replays(t, s, key, "lasts")
	}
	t.Logf("of %d records the table held %d at most", processes*callers*calls, most.Load())
}

// TestCleanUpTakesBatches until nothing is left.
func TestCleanUpTakesBatches(t *testing.T) {
	d := own(t)
	counted := &counter{Pool: d.pool(t)}
	s := d.storeOn(t, counted, manual(10))
	for range 45 {
		finish(t, s, newKey(), "done")
	}
	d.exec(t, "UPDATE %s SET retained_until = now(), cleanup_at = now()")
	counted.execs.Store(0)
	ok(t, pgstore.CleanUp(t.Context(), s))
	if n := counted.execs.Load(); n != 6 {
		t.Errorf("the clean-up took %d statements, want 1 to postpone and 5 to delete", n)
	}
	if n := d.rows(t); n != 0 {
		t.Errorf("%d rows, want 0", n)
	}
}

// TestCleanUpPassesOverLockedRows and does not wait for them.
func TestCleanUpPassesOverLockedRows(t *testing.T) {
	d := own(t)
	s := d.store(t, manual(10), pgstore.WithTimeout(10*time.Second))
	locked := newKey()
	for _, key := range []backend.Key{locked, newKey(), newKey()} {
		finish(t, s, key, "done")
	}
	d.exec(t, "UPDATE %s SET retained_until = now(), cleanup_at = now()")
	tx, err := d.conn(t).Begin(t.Context())
	ok(t, err)
	_, err = tx.Exec(t.Context(), "SELECT FROM "+d.table()+" WHERE key = $1 FOR UPDATE", locked[:])
	ok(t, err)
	ok(t, pgstore.CleanUp(t.Context(), s))
	if n := d.rows(t); n != 1 {
		t.Errorf("%d rows, want the locked one", n)
	}
	ok(t, tx.Rollback(t.Context()))
	ok(t, pgstore.CleanUp(t.Context(), s))
	if n := d.rows(t); n != 0 {
		t.Errorf("%d rows, want 0", n)
	}
}

// TestCleanUpPostpones what is retained for longer than its claim asked for, once.
func TestCleanUpPostpones(t *testing.T) {
	d := own(t)
	s, key, c := d.store(t, manual(10)), newKey(), newClaim()
	c.Lease, c.Retention = time.Microsecond, time.Millisecond
	due := func() int64 {
		return d.query(t, "SELECT count(*) FROM "+d.table()+" WHERE cleanup_at <= clock_timestamp()")
	}
	for won := false; !won; { // a slow machine lets the claim expire before its completion
		_, err := s.Claim(t.Context(), key, c)
		ok(t, err)
		c.Retention *= 2
		won = s.Complete(t.Context(), key, c.Token, outcome("lasts")) == nil
	}
	eventually(t, "the clean-up to be due", func() bool { return due() == 1 })
	ok(t, pgstore.CleanUp(t.Context(), s))
	replays(t, s, key, "lasts")
	if n := due(); n != 0 {
		t.Errorf("%d rows are due, want 0", n)
	}
}

// TestHeartbeatsAreHOT: heartbeats and completions change no index, unless the
// record expires much sooner than its claim asked for.
func TestHeartbeatsAreHOT(t *testing.T) {
	d := own(t)
	pool := d.pool(t)
	first := d.storeOn(t, pool, manual(10))
	updates := func() (all, hot int64) {
		const from = " FROM pg_stat_all_tables WHERE relid = $1::regclass"
		return d.query(t, "SELECT n_tup_upd"+from, d.table()), d.query(t, "SELECT n_tup_hot_upd"+from, d.table())
	}
	const calls = 200
	for range calls {
		key, c := newKey(), newClaim()
		c.Lease, c.Retention = 30*time.Second, 24*time.Hour
		_, err := first.Claim(t.Context(), key, c)
		ok(t, err)
		ok(t, first.Extend(t.Context(), key, c.Token, c.Lease, c.Retention))
		ok(t, first.Complete(t.Context(), key, c.Token, backend.Outcome{Bytes: make([]byte, 300), Retention: 24 * time.Hour}))
	}
	pool.Close() // connections report what they did when they end
	eventually(t, "the statistics", func() bool { all, _ := updates(); return all >= 2*calls })
	if all, hot := updates(); hot < all*9/10 {
		t.Errorf("%d of %d updates were HOT", hot, all)
	}
	s, key := d.store(t, manual(10)), newKey()
	c := win(t, s, key)
	ok(t, s.Complete(t.Context(), key, c.Token, backend.Outcome{Retention: time.Millisecond}))
	eventually(t, "the clean-up of a record that expired early", func() bool {
		ok(t, pgstore.CleanUp(t.Context(), s))
		return d.rows(t) == calls
	})
}
