package pgstore_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/pgtest"
	"github.com/oncewire/idempotency/internal/proxytest"
)

// pooledModes are those for a pooler that keeps no prepared statements.
var pooledModes = []string{"exec", "simple_protocol"}

// TestConformanceThroughPgBouncer in transaction mode, where statements of one
// connection of the pool reach the server over different ones.
func TestConformanceThroughPgBouncer(t *testing.T) {
	bouncer := pgtest.StartBouncer(t, pgtest.Shared(t).Addr())
	for _, mode := range pooledModes {
		t.Run(mode, func(t *testing.T) {
			conformsOn(t, false, func(tb testing.TB, _ database) *pgxpool.Pool {
				tb.Helper()
				return poolOf(tb, pgtest.URL(bouncer, "postgres", "pool_max_conns=16", "default_query_exec_mode="+mode))
			})
		})
	}
}

// TestOneCommitThroughPgBouncer: a few connections to the server serve many of the
// pool, and duplicates still wait for, or are refused by, the one call that runs.
func TestOneCommitThroughPgBouncer(t *testing.T) {
	t.Parallel()
	for _, mode := range pooledModes {
		s := newShop(t, idempotency.Policy{})
		bouncer := pgtest.StartBouncer(t, s.server.Addr(), "default_pool_size=5")
		pool := poolOf(t, pgtest.URL(bouncer, "postgres", "pool_max_conns=20", "default_query_exec_mode="+mode))
		s.open(pool, idempotency.Policy{Wait: time.Minute})
		var callers sync.WaitGroup
		var ran atomic.Int32
		for i := range 60 {
			key := string(rune('a' + i%20))
			callers.Go(func() {
				result, err := s.run(key, key, func(context.Context, *idempotency.Answer) { ran.Add(1) })
				s.answers(result, err, key, result.Replayed)
			})
		}
		callers.Wait()
		if ran.Load() != 20 {
			t.Errorf("%s: handlers ran %d times, want 20", mode, ran.Load())
		}
		s.wantEntries(20)
		_, err := s.run("declined", "declined", func(_ context.Context, a *idempotency.Answer) { a.Failed = true })
		ok(t, err)
		s.wantEntries(20)
	}
}

// TestCommitThroughPgBouncer whose reply is lost, or which is lost itself, between
// PgBouncer and the server: PgBouncer says that the server is gone, which does not say
// what became of the transaction.
func TestCommitThroughPgBouncer(t *testing.T) {
	t.Parallel()
	for _, mode := range pooledModes {
		for _, up := range []bool{true, false} {
			s := newShop(t, idempotency.Policy{})
			proxy := proxytest.Start(t, s.server.Addr())
			bouncer := pgtest.StartBouncer(t, proxy.Addr())
			s.openThrough(t, pgtest.URL(bouncer, "postgres", "default_query_exec_mode="+mode), time.Minute)
			atCommit(proxy, up, lost)
			result, err := s.run("key", "payment", nil)
			if up {
				want(t, err, idempotency.ErrRolledBack)
				s.wantEntries(0)
				result, err = s.run("key", "payment", nil)
			}
			s.answers(result, err, "payment", false)
			result, err = s.run("key", "payment", nil)
			s.answers(result, err, "payment", true)
			s.wantEntries(1)
		}
	}
}
