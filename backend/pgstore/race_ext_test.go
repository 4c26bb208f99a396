package pgstore_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/pgstore"
)

// TestOneOfManyProcessesWins each key, round after round, while others release
// what they have won and the clean-up removes what has expired.
func TestOneOfManyProcessesWins(t *testing.T) {
	d := own(t)
	const processes, callers, keys = 4, 8, 60
	var all [keys]struct {
		key     backend.Key
		running atomic.Int32
		ran     atomic.Int32
	}
	for i := range all {
		all[i].key = newKey()
	}
	var running sync.WaitGroup
	for range processes {
		s := d.store(t, pgstore.WithCleanup(5*time.Millisecond, 3))
		for range callers {
			running.Go(func() {
				for i := range all {
					k := &all[i]
					c := newClaim()
					rec, err := s.Claim(t.Context(), k.key, c)
					if err != nil {
						t.Error(err)
						return
					}
					if rec.Token != c.Token {
						continue
					}
					if k.running.Add(1) != 1 {
						t.Error("two claims of a key are won at once")
					}
					k.running.Add(-1)
					switch k.ran.Add(1) {
					case 1, 3:
						err = s.Release(t.Context(), k.key, c.Token)
					case 2: // expires at once
						err = s.Complete(t.Context(), k.key, c.Token, backend.Outcome{Retention: time.Microsecond})
					default:
						err = s.Complete(t.Context(), k.key, c.Token, outcome("done"))
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	running.Wait()
	for i := range all {
		if n := all[i].ran.Load(); n > 4 {
			t.Errorf("a key was won %d times, want 4 at most", n)
		}
	}
}

// TestClaimDecidesOnTheNewestRow: a claim that waits for another transaction's
// row sees what that has made of it.
func TestClaimDecidesOnTheNewestRow(t *testing.T) {
	d := own(t)
	counted := &counter{Pool: d.pool(t)}
	s, key := d.storeOn(t, counted), newKey()
	old := finish(t, s, key, "expired")
	d.exec(t, "UPDATE %s SET retained_until = now()")
	tx, err := d.conn(t).Begin(t.Context())
	ok(t, err)
	_, err = tx.Exec(t.Context(), "UPDATE "+d.table()+" SET retained_until = 'infinity', outcome = 'newer'")
	ok(t, err)
	counted.rows.Store(0)
	done := make(chan backend.Record)
	go func() {
		rec, err := s.Claim(t.Context(), key, newClaim())
		if err != nil {
			t.Error(err)
		}
		done <- rec
	}()
	eventually(t, "a blocked claim", func() bool {
		return d.query(t, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = $1", d.application()) == 1
	})
	ok(t, tx.Commit(t.Context()))
	if rec := <-done; rec.Token != old.Token || string(rec.Outcome) != "newer" {
		t.Errorf("Claim: %v", rec)
	}
	if n := counted.rows.Load(); n != 2 {
		t.Errorf("the claim took %d statements, want 2", n)
	}
}

// TestRoundTrips counts the statements of each step.
func TestRoundTrips(t *testing.T) {
	d := own(t)
	counted := &counter{Pool: d.pool(t)}
	s, key := d.storeOn(t, counted), newKey()
	takes := func(what string, n int64) {
		t.Helper()
		if got := counted.rows.Swap(0) + counted.execs.Swap(0); got != n {
			t.Errorf("%s took %d statements, want %d", what, got, n)
		}
	}
	c := win(t, s, key)
	takes("a claim of an absent key", 1)
	ok(t, s.Extend(t.Context(), key, c.Token, time.Hour, time.Hour))
	takes("a heartbeat", 1)
	_, _ = s.Claim(t.Context(), key, newClaim())
	takes("a claim of a running key", 1)
	ok(t, s.Complete(t.Context(), key, c.Token, outcome("done")))
	takes("a completion", 1)
	replays(t, s, key, "done")
	takes("a replay", 1)
	other := newKey()
	c = win(t, s, other)
	takes("another claim", 1)
	ok(t, s.Release(t.Context(), other, c.Token))
	takes("a release", 1)
}
