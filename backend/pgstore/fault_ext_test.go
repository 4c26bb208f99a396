package pgstore_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/pgstore"
	"github.com/oncewire/idempotency/internal/pgtest"
)

// terminate ends every connection of the test's pools.
func (d database) terminate(t *testing.T) {
	t.Helper()
	d.query(t, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1", d.application())
}

// persist sends a step until it succeeds, as the engine and clients do. It
// returns when the test has failed.
func persist(t *testing.T, step func() error) {
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		err := step()
		if err == nil {
			return
		}
		if errors.Is(err, backend.ErrClaimLost) || errors.Is(err, backend.ErrCorrupt) || time.Since(start) > time.Minute {
			t.Error(err)
			return
		}
	}
}

// TestConnectionsAreTerminated at random moments of claims, heartbeats and
// completions: no step that is sent again does anything twice.
func TestConnectionsAreTerminated(t *testing.T) {
	d := own(t)
	s := d.store(t)
	var callers sync.WaitGroup
	var over atomic.Bool
	callers.Go(func() {
		for !over.Load() {
			d.terminate(t)
			time.Sleep(3 * time.Millisecond)
		}
	})
	var failed atomic.Int64
	sent := func(err error) error {
		if err != nil {
			failed.Add(1)
		}
		return err
	}
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for range 60 {
				key, c := newKey(), newClaim()
				persist(t, func() error {
					rec, err := s.Claim(t.Context(), key, c)
					if err == nil && rec.Token != c.Token {
						t.Errorf("Claim lost to %v", rec)
					}
					return sent(err)
				})
				persist(t, func() error { return sent(s.Extend(t.Context(), key, c.Token, time.Hour, time.Hour)) })
				persist(t, func() error { return sent(s.Complete(t.Context(), key, c.Token, outcome("done"))) })
				persist(t, func() error {
					rec, err := s.Claim(t.Context(), key, newClaim())
					if err == nil && (rec.Token != c.Token || string(rec.Outcome) != "done") {
						t.Errorf("Claim: %v", rec)
					}
					return sent(err)
				})
			}
		})
	}
	workers.Wait()
	over.Store(true)
	callers.Wait()
	t.Logf("%d steps failed and were sent again", failed.Load())
}

// TestIdleConnectionsAreTerminated: a step that finds its connection terminated
// is sent again on another one.
func TestIdleConnectionsAreTerminated(t *testing.T) {
	d := own(t)
	s := d.store(t)
	for range 20 {
		win(t, s, newKey())
		d.terminate(t)
		eventually(t, "the end of the connections", func() bool {
			return d.query(t, "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1", d.application()) == 0
		})
	}
}

// TestServerIsKilled and started again: what it has acknowledged stands, and
// waiters learn of the end of their claim.
func TestServerIsKilled(t *testing.T) {
	server := pgtest.Start(t)
	d := migrated(t, server)
	s := d.store(t, d.listening(), pgstore.WithPollInterval(20*time.Millisecond), pgstore.WithTimeout(5*time.Second))
	done, running := newKey(), newKey()
	finish(t, s, done, "done")
	c := win(t, s, running)
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		for { // a waiter that fails is tried again, as the engine does
			rec, err := s.Claim(t.Context(), running, newClaim())
			if err == nil && rec.State == backend.Done {
				return
			}
			if t.Context().Err() != nil {
				return
			}
			_ = s.Wait(t.Context(), running, c.Token)
		}
	}()
	eventually(t, "the mark of a waiter", func() bool { return d.watched(t, running) })
	server.Kill()
	_, err := s.Claim(t.Context(), newKey(), newClaim())
	if err == nil {
		t.Error("a claim was won from a server that was killed")
	}
	ok(t, server.Restart())
	eventually(t, "a replay", func() bool {
		rec, err := s.Claim(t.Context(), done, newClaim())
		return err == nil && string(rec.Outcome) == "done"
	})
	persist(t, func() error { return s.Complete(t.Context(), running, c.Token, outcome("done")) })
	<-waited
}

// TestStandby answers replays, refuses what is new and says why, until it is
// promoted.
func TestStandby(t *testing.T) {
	server := pgtest.Start(t)
	d := migrated(t, server)
	key := newKey()
	finish(t, d.store(t), key, "done")
	ok(t, server.RestartAsStandby())
	s := d.store(t)
	fails(t, s, "connect to the primary")
	replays(t, s, key, "done")
	_, err := s.Claim(t.Context(), newKey(), newClaim())
	if err == nil || !strings.Contains(err.Error(), "connect to the primary") {
		t.Errorf("got error %v", err)
	}
	d.query(t, "SELECT count(pg_promote())")
	win(t, s, newKey())
	replays(t, s, key, "done")
}

// TestServerHangs: every step ends with its context.
func TestServerHangs(t *testing.T) {
	server := pgtest.Start(t)
	d := migrated(t, server)
	s, key := d.store(t), newKey()
	c := win(t, s, key)
	server.Pause()
	defer server.Resume()
	for range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		start := time.Now()
		_, err := s.Claim(ctx, newKey(), newClaim())
		want(t, err, context.DeadlineExceeded)
		want(t, s.Complete(ctx, key, c.Token, outcome("done")), context.DeadlineExceeded)
		if past := time.Since(start); past > 5*time.Second {
			t.Errorf("took %v", past)
		}
		cancel()
	}
}

// TestPoolIsExhausted: steps that get no connection end with their context, and
// leave nothing behind.
func TestPoolIsExhausted(t *testing.T) {
	d := own(t)
	pool := d.pool(t, "pool_max_conns=1")
	s := d.storeOn(t, pool, pgstore.WithTimeout(20*time.Millisecond))
	held, err := pool.Acquire(t.Context())
	ok(t, err)
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() {
			_, err := s.Claim(t.Context(), newKey(), newClaim())
			want(t, err, context.DeadlineExceeded)
		})
	}
	callers.Wait()
	held.Release()
	if n := d.rows(t); n != 0 {
		t.Errorf("%d rows, want 0", n)
	}
	win(t, d.storeOn(t, pool), newKey())
}

// TestPassingFailuresAreRetried within a step, and a bounded number of times.
func TestPassingFailuresAreRetried(t *testing.T) {
	for code, retried := range map[string]bool{
		"40001": true, "40P01": true, "57P01": true,
		"53100": false, "53300": false, "42501": false, "57014": false,
	} {
		d := own(t)
		flaky := &failing{Pool: d.pool(t), code: code}
		s := d.storeOn(t, flaky)
		flaky.times.Store(3)
		_, err := s.Claim(t.Context(), newKey(), newClaim())
		if (err == nil) != retried {
			t.Errorf("%s three times: %v", code, err)
		}
		flaky.times.Store(1000)
		key, token := newKey(), newClaim().Token
		err = s.Extend(t.Context(), key, token, time.Hour, time.Hour)
		var failure *pgconn.PgError
		if !errors.As(err, &failure) || failure.Code != code {
			t.Errorf("%s forever: %v", code, err)
		}
		if n := 1000 - flaky.times.Load(); retried && n != 11 || !retried && n != 1 {
			t.Errorf("%s: sent %d times", code, n)
		}
	}
}

// TestErrorsSayTheFix where an operator can fix it.
func TestErrorsSayTheFix(t *testing.T) {
	d := own(t)
	_, err := d.store(t, pgstore.WithTable("missing")).Claim(t.Context(), newKey(), newClaim())
	if err == nil || !strings.Contains(err.Error(), "run pgstore.Migrate") {
		t.Errorf("got error %v", err)
	}
	readOnly := d.storeOn(t, d.pool(t, "default_transaction_read_only=on"))
	_, err = readOnly.Claim(t.Context(), newKey(), newClaim())
	if err == nil || !strings.Contains(err.Error(), "connect to the primary") {
		t.Errorf("got error %v", err)
	}
}
