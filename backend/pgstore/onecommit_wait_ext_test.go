package pgstore_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/pgstore"
	"github.com/oncewire/idempotency/internal/pgtest"
)

// holderVariables tell a process of its own, which is killed, where the database is.
const holderURL, holderSchema = "PGSTORE_HOLDER_URL", "PGSTORE_HOLDER_SCHEMA"

// holdForever is that process: it runs a call whose handler does not return.
func holdForever(t *testing.T) {
	t.Helper()
	store, err := pgstore.New(poolOf(t, os.Getenv(holderURL)), pgstore.WithSchema(os.Getenv(holderSchema)))
	ok(t, err)
	s := &shop{database: database{schema: os.Getenv(holderSchema)}, tb: t, store: store}
	s.engine, err = idempotency.New(store, idempotency.WithPolicy("*", idempotency.Policy{Transaction: backend.OneCommit}))
	ok(t, err)
	_, _ = s.run("key", "payment", func(context.Context, *idempotency.Answer) {
		fmt.Fprintln(os.Stdout, "HOLDING")
		select {}
	})
}

// TestWaitersOutliveAKilledProcess: duplicates wait for a call whose process is killed.
// One of them runs the call, and the others get its answer.
func TestWaitersOutliveAKilledProcess(t *testing.T) {
	if os.Getenv(holderURL) != "" {
		holdForever(t)
	}
	s := newShop(t, idempotency.Policy{Wait: time.Minute})
	child := exec.Command(os.Args[0], "-test.run", "^TestWaitersOutliveAKilledProcess$")
	child.Env = append(os.Environ(), holderURL+"="+s.server.URL(), holderSchema+"="+s.schema)
	output, err := child.StdoutPipe()
	ok(t, err)
	ok(t, child.Start())
	defer func() { _ = child.Wait() }()
	defer func() { _ = child.Process.Kill() }()
	lines := bufio.NewScanner(output)
	for lines.Scan() && lines.Text() != "HOLDING" {
		continue
	}
	var waiters sync.WaitGroup
	var ran atomic.Int32
	for range 8 {
		waiters.Go(func() {
			result, err := s.run("key", "payment", func(context.Context, *idempotency.Answer) { ran.Add(1) })
			s.answers(result, err, "payment", result.Replayed)
		})
	}
	eventually(t, "a waiter", func() bool { return s.lockWaits() > 0 })
	ok(t, child.Process.Kill())
	waiters.Wait()
	if ran.Load() != 1 {
		t.Errorf("%d waiters ran the call, want 1", ran.Load())
	}
	s.wantEntries(1)
}

// lockWaits returns how many connections of the shop's pool wait for a lock.
func (s *shop) lockWaits() int64 {
	return s.query(s.tb, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = $1", s.application())
}

// hold begins a transaction for a key, on a store of its own, and returns a function
// that rolls it back.
func (s *shop) hold(key backend.Key) (release func()) {
	s.tb.Helper()
	_, held, err := s.holder().Begin(s.tb.Context(), key, newClaim())
	if err != nil || held == nil {
		s.tb.Fatalf("Begin: %v, %v, must win", held, err)
	}
	return func() { _ = held.Rollback(context.Background()) } // or the server does
}

// holder returns a store whose connections are not those of the shop.
func (s *shop) holder() *pgstore.Store { return s.storeOn(s.tb, poolOf(s.tb, s.server.URL())) }

// TestLockWaitsAreBounded: however many locked keys are waited for, few connections of
// the pool are used for that. The waits for all keys end.
func TestLockWaitsAreBounded(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	pool := s.database.pool(t, "pool_max_conns=16")
	s.open(pool, idempotency.Policy{}, pgstore.WithPollInterval(5*time.Millisecond))
	const keys = 12
	var waiters sync.WaitGroup
	var ended atomic.Int32
	releases := make([]func(), keys)
	for i := range keys {
		key := newKey()
		releases[i] = s.hold(key)
		waiters.Go(func() {
			defer ended.Add(1)
			for { // a wait may end early; the engine then claims again
				ok(t, s.store.Wait(t.Context(), key, backend.Token{}))
				_, won, err := s.store.Begin(t.Context(), key, newClaim())
				if won != nil {
					ok(t, won.Rollback(t.Context()))
					return
				}
				want(t, err, backend.ErrLocked)
			}
		})
	}
	eventually(t, "lock waits", func() bool { return s.lockWaits() == 4 })
	for range 20 {
		if n := s.lockWaits(); n > 4 {
			t.Errorf("%d connections wait for locks, want 4 at most", n)
		}
	}
	if ended.Load() > 0 {
		t.Errorf("%d waits ended before their key was free", ended.Load())
	}
	for _, release := range releases {
		release()
	}
	waiters.Wait()
}

// TestCloseEndsLockWaits, although the key stays locked.
func TestCloseEndsLockWaits(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	key := newKey()
	release := s.hold(key)
	defer release()
	ended := make(chan error, 3)
	for range cap(ended) {
		go func() { ended <- s.store.Wait(t.Context(), key, backend.Token{}) }()
	}
	eventually(t, "a lock wait", func() bool { return s.lockWaits() == 1 })
	ok(t, s.store.Close())
	for range cap(ended) {
		if err := <-ended; err != nil {
			want(t, err, backend.ErrClosed)
		}
	}
	want(t, s.store.Wait(t.Context(), key, backend.Token{}), backend.ErrClosed)
	if n := s.lockWaits(); n != 0 {
		t.Errorf("%d connections wait for locks after Close", n)
	}
}

// TestLockWaitEndsWithTheServer: it returns an error, and does not go on for ever.
func TestLockWaitEndsWithTheServer(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	s := newShopIn(t, migrated(t, server), idempotency.Policy{})
	key := newKey()
	release := s.hold(key)
	defer release()
	ended := make(chan error, 1)
	go func() { ended <- s.store.Wait(t.Context(), key, backend.Token{}) }()
	eventually(t, "a lock wait", func() bool { return s.lockWaits() == 1 })
	server.Kill()
	if err := <-ended; err == nil {
		t.Error("the wait ended as if the key were free")
	}
}
