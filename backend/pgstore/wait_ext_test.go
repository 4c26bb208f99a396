package pgstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/pgstore"
)

// never is a poll interval that no test lives to see: what ends a Wait in time is
// a notification.
const never = time.Hour

// waiting starts n waiters for the claim, and returns when PostgreSQL knows that
// its end is waited for. What it returns requires that all waiters got the error.
func waiting(t *testing.T, d database, s *pgstore.Store, n int, key backend.Key, c backend.Claim) (end func(target error)) {
	t.Helper()
	var waiters sync.WaitGroup
	errs := make(chan error, n)
	for range n {
		waiters.Go(func() { errs <- s.Wait(t.Context(), key, c.Token) })
	}
	eventually(t, "the mark of a waiter", func() bool { return d.watched(t, key) })
	return func(target error) {
		t.Helper()
		eventually(t, "the waiters to return", func() bool { return len(errs) == n })
		waiters.Wait()
		for range n {
			if err := <-errs; !errors.Is(err, target) {
				t.Errorf("Wait: %v, want %v", err, target)
			}
		}
	}
}

func (d database) watched(t *testing.T, key backend.Key) bool {
	t.Helper()
	return d.query(t, "SELECT count(*) FROM "+d.table()+" WHERE key = $1 AND watched", key[:]) == 1
}

// listens waits until a store listens.
func (d database) listens(t *testing.T) {
	t.Helper()
	eventually(t, "a listener", func() bool {
		return d.query(t, "SELECT count(*) FROM pg_stat_activity WHERE "+d.listener()+" AND query LIKE 'LISTEN%' AND state = 'idle'") == 1
	})
}

// TestEveryEndIsNotified to another store, which does not poll.
func TestEveryEndIsNotified(t *testing.T) {
	for name, end := range map[string]func(ctx context.Context, s *pgstore.Store, key backend.Key, c backend.Claim) error{
		"Complete": func(ctx context.Context, s *pgstore.Store, key backend.Key, c backend.Claim) error {
			return s.Complete(ctx, key, c.Token, outcome("done"))
		},
		"Release": func(ctx context.Context, s *pgstore.Store, key backend.Key, c backend.Claim) error {
			return s.Release(ctx, key, c.Token)
		},
		"ExtendByZero": func(ctx context.Context, s *pgstore.Store, key backend.Key, c backend.Claim) error {
			return s.Extend(ctx, key, c.Token, 0, c.Retention)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := own(t)
			owner := d.store(t)
			s := d.store(t, d.listening(), pgstore.WithPollInterval(never))
			key := newKey()
			c := win(t, owner, key)
			ended := waiting(t, d, s, 100, key, c)
			d.listens(t)
			ok(t, owner.Extend(t.Context(), key, c.Token, 2*time.Hour, time.Hour))
			ok(t, end(t.Context(), owner, key, c))
			ended(nil)
		})
	}
}

// TestNoNotificationWithoutWaiters: notifications take turns in all of a
// PostgreSQL server.
func TestNoNotificationWithoutWaiters(t *testing.T) {
	d := own(t)
	s := d.store(t)
	conn := d.conn(t)
	_, err := conn.Exec(t.Context(), "LISTEN "+pgx.Identifier{pgstore.Channel(s)}.Sanitize())
	ok(t, err)
	key := newKey()
	finish(t, s, key, "not waited for")
	ok(t, s.Release(t.Context(), newKey(), newClaim().Token))
	watched := newKey()
	c := win(t, s, watched)
	end := waiting(t, d, s, 1, watched, c)
	ok(t, s.Complete(t.Context(), watched, c.Token, outcome("done")))
	end(nil)
	for payload := ""; payload != watched.String()+c.Token.String(); {
		notification, err := conn.WaitForNotification(t.Context())
		ok(t, err)
		if payload = notification.Payload; payload[:64] == key.String() {
			t.Error("the end of a claim was notified for which nothing waits")
		}
	}
}

func TestPollingFindsTheEnd(t *testing.T) {
	d := own(t)
	s, key := d.store(t, pgstore.WithPollInterval(10*time.Millisecond)), newKey()
	c := win(t, s, key)
	end := waiting(t, d, s, 10, key, c)
	ok(t, s.Complete(t.Context(), key, c.Token, outcome("done")))
	end(nil)
}

// TestLostNotification is found by the poll behind LISTEN: the mark of the waiter
// is removed, so that the end of its claim is not notified.
func TestLostNotification(t *testing.T) {
	d := own(t)
	s, key := d.store(t, d.listening(), pgstore.WithPollInterval(10*time.Millisecond)), newKey()
	c := win(t, s, key)
	end := waiting(t, d, s, 1, key, c)
	d.listens(t)
	d.exec(t, "UPDATE %s SET watched = false, state = 2, outcome = 'done'")
	end(nil)
}

// TestListenerIsKilled, and connects again.
func TestListenerIsKilled(t *testing.T) {
	d := own(t)
	s := d.store(t, d.listening(), pgstore.WithPollInterval(50*time.Millisecond))
	for range 3 {
		key := newKey()
		c := win(t, s, key)
		end := waiting(t, d, s, 3, key, c)
		d.listens(t)
		d.query(t, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "+d.listener())
		ok(t, s.Complete(t.Context(), key, c.Token, outcome("done")))
		end(nil)
	}
	d.listens(t)
}

// TestListenerCannotConnect: then the store polls.
func TestListenerCannotConnect(t *testing.T) {
	d := own(t)
	refuses := pgstore.WithListener(func(context.Context) (*pgx.Conn, error) { return nil, errors.New("refused") })
	s, key := d.store(t, refuses, pgstore.WithPollInterval(10*time.Millisecond)), newKey()
	c := win(t, s, key)
	end := waiting(t, d, s, 1, key, c)
	ok(t, s.Complete(t.Context(), key, c.Token, outcome("done")))
	end(nil)
}

func TestWaitEndsWithTheStore(t *testing.T) {
	for name, option := range map[string]func(d database) pgstore.Option{
		"Listening": database.listening,
		"Polling":   func(database) pgstore.Option { return pgstore.WithListener(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			d := own(t)
			s, key := d.store(t, option(d)), newKey()
			c := win(t, s, key)
			end := waiting(t, d, s, 10, key, c)
			ok(t, s.Close())
			end(backend.ErrClosed)
			want(t, s.Wait(t.Context(), key, c.Token), backend.ErrClosed)
			ok(t, s.Close())
		})
	}
}

// TestOneWaiterLeaves and the other one goes on waiting.
func TestOneWaiterLeaves(t *testing.T) {
	d := own(t)
	s, key := d.store(t, d.listening()), newKey()
	c := win(t, s, key)
	end := waiting(t, d, s, 1, key, c)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	want(t, s.Wait(ctx, key, c.Token), context.DeadlineExceeded)
	ok(t, s.Complete(t.Context(), key, c.Token, outcome("done")))
	end(nil)
}

// TestWaitersShareLooks: many waiters on many claims cost few statements.
func TestWaitersShareLooks(t *testing.T) {
	d := own(t)
	counted := &counter{Pool: d.pool(t)}
	s := d.storeOn(t, counted, pgstore.WithPollInterval(never))
	const claims, each = 100, 5
	var waiters sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	for range claims {
		key := newKey()
		c := win(t, s, key)
		for range each {
			waiters.Go(func() { _ = s.Wait(ctx, key, c.Token) })
		}
	}
	eventually(t, "all marks", func() bool {
		return d.query(t, "SELECT count(*) FROM "+d.table()+" WHERE watched") == claims
	})
	if n := counted.queries.Load(); n > claims {
		t.Errorf("%d waiters on %d claims cost %d statements", claims*each, claims, n)
	}
	cancel()
	waiters.Wait()
}

// TestSubscriptionsAreBounded: beyond the bound a waiter polls by claiming again.
func TestSubscriptionsAreBounded(t *testing.T) {
	d := own(t)
	s, key := d.store(t, pgstore.WithPollInterval(time.Millisecond)), newKey()
	c := win(t, s, key)
	pgstore.FillSubscriptions(s)
	ok(t, s.Wait(t.Context(), key, c.Token))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, s.Wait(ctx, key, c.Token), context.Canceled)
}
