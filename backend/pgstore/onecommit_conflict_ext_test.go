package pgstore_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/pgstore"
)

// code returns the SQLSTATE of an error.
func code(err error) string {
	failure, _ := errors.AsType[*pgconn.PgError](err)
	if failure == nil {
		return ""
	}
	return failure.Code
}

// TestClaimIsSentAgain after failures that pass. No handler has run by then.
func TestClaimIsSentAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"40001", "40P01", "57P01"} {
		s := newShop(t, idempotency.Policy{})
		flaky := &failing{Pool: s.pool, code: code}
		flaky.times.Store(3)
		store := s.storeOn(t, flaky)
		_, won, err := store.Begin(t.Context(), newKey(), newClaim())
		if err != nil || won == nil {
			t.Fatalf("%s: %v, %v", code, won, err)
		}
		ok(t, won.Rollback(t.Context()))
	}
}

// TestSerializationFailureOfTheHandler: it is not run again by the store. What its call
// gets depends on its answer, and nothing is committed. A retry runs.
func TestSerializationFailureOfTheHandler(t *testing.T) {
	t.Parallel()
	for name, failed := range map[string]bool{"answers an error": true, "answers success": false} {
		s := newShop(t, idempotency.Policy{}, pgstore.WithIsolation(pgx.RepeatableRead))
		_, err := s.pool.Exec(t.Context(), "CREATE TABLE "+s.account()+" AS SELECT 1 AS id, 100 AS balance")
		ok(t, err)
		runs := 0
		withdraw := func(ctx context.Context, answer *idempotency.Answer) {
			runs++
			tx, _ := pgstore.Tx(ctx)
			if runs == 1 { // another transaction wins
				_, err := s.pool.Exec(ctx, "UPDATE "+s.account()+" SET balance = balance - 1")
				ok(t, err)
			}
			_, err := tx.Exec(ctx, "UPDATE "+s.account()+" SET balance = balance - 10")
			if got := code(err); runs == 1 && got != "40001" {
				t.Errorf("%s: got SQLSTATE %q", name, got)
			}
			if err != nil && failed {
				answer.Failed, answer.ServerError = true, true
			}
		}
		_, err = s.run("key", "payment", withdraw)
		if failed {
			ok(t, err) // the handler's own error
		} else {
			want(t, err, idempotency.ErrRolledBack)
		}
		s.wantEntries(0)
		result, err := s.run("key", "payment", withdraw)
		s.answers(result, err, "payment", false)
		if balance := s.query(t, "SELECT balance FROM "+s.account()); balance != 89 || runs != 2 {
			t.Errorf("%s: balance %d after %d runs, want 89 after 2", name, balance, runs)
		}
		s.wantEntries(1)
	}
}

func (s *shop) account() string { return pgx.Identifier{s.schema, "account"}.Sanitize() }

// TestSerializationFailureAtCommit of two handlers that each read what the other
// writes: PostgreSQL lets one of them commit, and the other one gets ErrRolledBack.
func TestSerializationFailureAtCommit(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{}, pgstore.WithIsolation(pgx.Serializable))
	var both, callers sync.WaitGroup
	both.Add(2)
	errs := make([]error, 2)
	var once [2]sync.Once
	pay := func(i int) error {
		name := string(rune('a' + i))
		_, err := s.run(name, name, func(ctx context.Context, _ *idempotency.Answer) {
			tx, _ := pgstore.Tx(ctx)
			var n int
			ok(t, tx.QueryRow(ctx, "SELECT count(*) FROM "+s.ledger()).Scan(&n))
			once[i].Do(func() {
				both.Done()
				both.Wait()
			})
		})
		return err
	}
	for i := range errs {
		callers.Go(func() { errs[i] = pay(i) })
	}
	callers.Wait()
	s.wantEntries(1)
	for i, err := range errs {
		if err != nil {
			want(t, err, idempotency.ErrRolledBack)
			ok(t, pay(i))
		}
	}
	s.wantEntries(2)
}

// TestDeadlockOfHandlers: PostgreSQL ends one transaction, the other one is committed,
// and a retry runs.
func TestDeadlockOfHandlers(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	_, err := s.pool.Exec(t.Context(), "CREATE TABLE "+s.account()+" AS SELECT 1 AS id, 0 AS balance UNION SELECT 2, 0")
	ok(t, err)
	var both, callers sync.WaitGroup
	both.Add(2)
	errs := make([]error, 2)
	transfer := func(i int, first bool) error {
		name := string(rune('a' + i))
		_, err := s.run(name, name, func(ctx context.Context, answer *idempotency.Answer) {
			tx, _ := pgstore.Tx(ctx)
			for n := range 2 {
				_, err := tx.Exec(ctx, "UPDATE "+s.account()+" SET balance = balance + 1 WHERE id = $1", 1+(i+n)%2)
				if err != nil {
					answer.Failed, answer.ServerError = true, true
					if code(err) != "40P01" {
						t.Error(err)
					}
					errs[i] = err
					return
				}
				if first && n == 0 {
					both.Done()
					both.Wait()
				}
			}
		})
		return err
	}
	for i := range errs {
		callers.Go(func() { ok(t, transfer(i, true)) })
	}
	callers.Wait()
	s.wantEntries(1)
	for i := range errs {
		if errs[i] != nil {
			ok(t, transfer(i, false))
		}
	}
	s.wantEntries(2)
	if sum := s.query(t, "SELECT sum(balance) FROM "+s.account()); sum != 4 {
		t.Errorf("the balances are %d, want 4", sum)
	}
}

// TestCallsBeyondThePoolAreRefused while handlers keep all connections: in time, and
// without leaving anything behind.
func TestCallsBeyondThePoolAreRefused(t *testing.T) {
	s := newShop(t, idempotency.Policy{})
	s.open(s.database.pool(t, "pool_max_conns=2"), idempotency.Policy{}, pgstore.WithTimeout(100*time.Millisecond))
	var running, crowd sync.WaitGroup
	entered, leave := make(chan struct{}), make(chan struct{})
	for _, key := range []string{"a", "b"} {
		running.Go(func() {
			_, err := s.run(key, key, func(context.Context, *idempotency.Answer) {
				entered <- struct{}{}
				<-leave
			})
			ok(t, err)
		})
		<-entered
	}
	goroutines := runtime.NumGoroutine()
	began := time.Now()
	for i := range 200 {
		crowd.Go(func() {
			call := idempotency.Call{Key: string(rune(1000 + i))}
			_, err := s.engine.Operation("pay", idempotency.Policy{}).Run(t.Context(), call, func(context.Context) idempotency.Answer {
				t.Error("a handler ran without a connection")
				return idempotency.Answer{}
			})
			want(t, err, idempotency.ErrStore)
			want(t, err, context.DeadlineExceeded)
		})
	}
	crowd.Wait()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("refused after %v", took)
	}
	eventually(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= goroutines+5 })
	close(leave)
	running.Wait()
	result, err := s.run("c", "c", nil)
	s.answers(result, err, "c", false)
	s.wantEntries(3)
}
