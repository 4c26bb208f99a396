package pgstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/pgstore"
)

// shop is an engine in one-commit mode beside a ledger in the same database.
type shop struct {
	database

	tb     testing.TB
	engine *idempotency.Engine
	store  *pgstore.Store
	pool   *pgxpool.Pool
}

func newShop(tb testing.TB, policy idempotency.Policy, options ...pgstore.Option) *shop {
	tb.Helper()
	return newShopIn(tb, own(tb), policy, options...)
}

func newShopIn(tb testing.TB, d database, policy idempotency.Policy, options ...pgstore.Option) *shop {
	tb.Helper()
	s := &shop{database: d, tb: tb, pool: d.pool(tb)}
	_, err := s.pool.Exec(tb.Context(), "CREATE TABLE "+s.ledger()+" (entry text PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
	ok(tb, err)
	s.open(s.pool, policy, options...)
	return s
}

// open opens the shop's engine on a pool.
func (s *shop) open(pool *pgxpool.Pool, policy idempotency.Policy, options ...pgstore.Option) {
	s.tb.Helper()
	if policy.Transaction == 0 {
		policy.Transaction = backend.OneCommit
	}
	s.store = s.storeOn(s.tb, pool, options...)
	engine, err := idempotency.New(s.store, idempotency.WithPolicy("*", policy))
	ok(s.tb, err)
	s.engine = engine
}

func (s *shop) ledger() string { return fmt.Sprintf("%q.ledger", s.schema) }

func (s *shop) entries() int64 { return s.query(s.tb, "SELECT count(*) FROM "+s.ledger()) }

// run makes a call whose handler enters the text into the ledger and answers it.
func (s *shop) run(key, text string, after func(ctx context.Context, answer *idempotency.Answer)) (idempotency.Result, error) {
	call := idempotency.Call{Key: key, Fingerprint: backend.Fingerprint{1}}
	return s.engine.Operation("pay", idempotency.Policy{}).Run(s.tb.Context(), call, func(ctx context.Context) idempotency.Answer {
		s.enter(ctx, text)
		answer := idempotency.Answer{Verdict: idempotency.Record, Outcome: []byte(text)}
		if after != nil {
			after(ctx, &answer)
		}
		return answer
	})
}

func (s *shop) enter(ctx context.Context, text string) {
	s.tb.Helper()
	tx, inTransaction := pgstore.Tx(ctx)
	if !inTransaction {
		s.tb.Fatal("the handler has no transaction")
	}
	_, err := tx.Exec(ctx, "INSERT INTO "+s.ledger()+" VALUES ($1)", text)
	ok(s.tb, err)
}

// answers requires the outcome of a call.
func (s *shop) answers(result idempotency.Result, err error, want string, replayed bool) {
	s.tb.Helper()
	if err != nil || string(result.Outcome) != want || result.Replayed != replayed {
		s.tb.Errorf("got %q, replayed %t, %v, want %q, replayed %t", result.Outcome, result.Replayed, err, want, replayed)
	}
}

func (s *shop) wantEntries(want int64) {
	s.tb.Helper()
	if got := s.entries(); got != want {
		s.tb.Errorf("the ledger has %d entries, want %d", got, want)
	}
}

func TestEffectAndOutcomeAreCommittedTogether(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	result, err := s.run("key", "payment", func(context.Context, *idempotency.Answer) {
		if s.entries() != 0 || s.rows(t) != 0 {
			t.Error("the effect or the claim is visible before the commit")
		}
	})
	s.answers(result, err, "payment", false)
	result, err = s.run("key", "payment", nil)
	s.answers(result, err, "payment", true)
	s.wantEntries(1)
}

func TestWhatIsNotRecordedIsRolledBack(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	for _, answer := range []idempotency.Answer{
		{Verdict: idempotency.Release, Failed: true},
		{Verdict: idempotency.Abandon, Failed: true},
		{Verdict: idempotency.Record, NoEffect: true},
	} {
		_, err := s.run("key", "payment", func(_ context.Context, a *idempotency.Answer) { *a = answer })
		ok(t, err)
		s.wantEntries(0)
	}
	result, err := s.run("key", "payment", nil)
	s.answers(result, err, "payment", false)
	s.wantEntries(1)
}

func TestPanicRollsBack(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not continue")
			}
		}()
		_, _ = s.run("key", "payment", func(context.Context, *idempotency.Answer) { panic("handler") })
	}()
	s.wantEntries(0)
	result, err := s.run("key", "payment", nil)
	s.answers(result, err, "payment", false)
}

func TestRecordedErrorLosesItsWrites(t *testing.T) {
	t.Parallel()
	for mode, entries := range map[backend.TransactionMode]int64{backend.OneCommit: 0, backend.OneCommitKeepErrorWrites: 1} {
		s := newShop(t, idempotency.Policy{Transaction: mode})
		failed := func(_ context.Context, a *idempotency.Answer) { a.Failed, a.Outcome = true, []byte("declined") }
		result, err := s.run("key", "payment", failed)
		s.answers(result, err, "declined", false)
		result, err = s.run("key", "payment", failed)
		s.answers(result, err, "declined", true)
		s.wantEntries(entries)
	}
}

// TestErrorAfterAFailedStatement answers an error because a statement has failed: the
// usual way to say that an entry exists.
func TestErrorAfterAFailedStatement(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	broken := func(ctx context.Context) {
		tx, _ := pgstore.Tx(ctx)
		if _, err := tx.Exec(ctx, "SELECT 1/0"); err == nil {
			t.Error("the statement did not fail")
		}
	}
	_, err := s.run("generic", "a", func(ctx context.Context, a *idempotency.Answer) {
		broken(ctx)
		a.Failed, a.ServerError = true, true
	})
	ok(t, err)
	result, err := s.run("generic", "a", nil)
	s.answers(result, err, "a", false)

	declined := func(ctx context.Context, a *idempotency.Answer) {
		broken(ctx)
		a.Failed, a.Outcome = true, []byte("declined")
	}
	result, err = s.run("named", "b", declined)
	s.answers(result, err, "declined", false)
	result, err = s.run("named", "b", declined)
	s.answers(result, err, "declined", true)
	s.wantEntries(1)
}

func TestSuccessAfterAFailedStatementIsRolledBack(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	_, err := s.run("key", "payment", func(ctx context.Context, _ *idempotency.Answer) {
		tx, _ := pgstore.Tx(ctx)
		_, _ = tx.Exec(ctx, "SELECT 1/0")
	})
	want(t, err, idempotency.ErrRolledBack)
	s.wantEntries(0)
	result, err := s.run("key", "payment", nil)
	s.answers(result, err, "payment", false)
}

func TestCommitThatFailsIsRolledBack(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	_, err := s.run("first", "entry", nil)
	ok(t, err)
	_, err = s.run("second", "entry", nil) // the unique index is checked at COMMIT
	want(t, err, idempotency.ErrRolledBack)
	s.wantEntries(1)
	result, err := s.run("second", "another", nil)
	s.answers(result, err, "another", false)
}

func TestDuplicateWhileTheTransactionIsOpen(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	result, err := s.run("key", "payment", func(context.Context, *idempotency.Answer) {
		_, err := s.run("key", "payment", nil)
		want(t, err, idempotency.ErrInProgress)
	})
	s.answers(result, err, "payment", false)
	s.wantEntries(1)
}

func TestDuplicateWaitsForTheTransaction(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]idempotency.Answer{
		"committed":   {Verdict: idempotency.Record, Outcome: []byte("payment")},
		"rolled back": {Verdict: idempotency.Release},
	} {
		s := newShop(t, idempotency.Policy{Wait: time.Minute})
		type reply struct {
			result idempotency.Result
			err    error
		}
		duplicates := make(chan reply, 8)
		_, err := s.run("key", "payment", func(_ context.Context, a *idempotency.Answer) {
			for range cap(duplicates) {
				go func() {
					result, err := s.run("key", "payment", nil)
					duplicates <- reply{result, err}
				}()
			}
			eventually(t, "a waiter", func() bool {
				return s.query(t, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = $1", s.application()) > 0
			})
			*a = answer
		})
		ok(t, err)
		ran := 0
		for range cap(duplicates) {
			r := <-duplicates
			if r.err != nil || string(r.result.Outcome) != "payment" {
				t.Errorf("%s: a waiter got %q, %v", name, r.result.Outcome, r.err)
			}
			if !r.result.Replayed {
				ran++
			}
		}
		if wantRan := map[string]int{"committed": 0, "rolled back": 1}[name]; ran != wantRan {
			t.Errorf("%s: %d waiters ran the handler, want %d", name, ran, wantRan)
		}
		s.wantEntries(1)
	}
}

func TestOtherRequestWithTheKeyIsRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	_, err := s.run("key", "payment", nil)
	ok(t, err)
	call := idempotency.Call{Key: "key", Fingerprint: backend.Fingerprint{1, 1}}
	_, err = s.engine.Operation("pay", idempotency.Policy{}).Run(t.Context(), call, nil)
	want(t, err, idempotency.ErrKeyReused)
}

func TestExpiredLeaseIsTakenOverInATransaction(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	leased, err := idempotency.New(s.store)
	ok(t, err)
	call := idempotency.Call{Key: "key", Fingerprint: backend.Fingerprint{1}}
	_, err = leased.Operation("pay", idempotency.Policy{}).Run(t.Context(), call, func(context.Context) idempotency.Answer {
		return idempotency.Answer{Verdict: idempotency.Abandon}
	})
	ok(t, err)
	for range 2 { // the first one is rolled back, and the expired claim is there again
		result, err := s.run("key", "payment", func(ctx context.Context, a *idempotency.Answer) {
			if execution, _ := idempotency.FromContext(ctx); execution.Attempt != 2 || !execution.Recovered {
				t.Errorf("attempt %d, recovered %t", execution.Attempt, execution.Recovered)
			}
			if s.entries() == 0 && a.Outcome != nil {
				a.Verdict = idempotency.Release
			}
		})
		ok(t, err)
		_ = result
	}
}

// TestNestedGuards has two guards around one handler, as in a process that guards the
// gateway and the service.
func TestNestedGuards(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{Wait: time.Minute})
	second, err := idempotency.New(s.store, idempotency.WithPolicy("*", idempotency.Policy{Transaction: backend.OneCommit}))
	ok(t, err)
	call := idempotency.Call{Key: "key", Fingerprint: backend.Fingerprint{1}}
	for _, inner := range []*idempotency.Engine{s.engine, second} {
		call.Key += "+"
		_, err = s.engine.Operation("pay", idempotency.Policy{}).Run(t.Context(), call, func(ctx context.Context) idempotency.Answer {
			answer := idempotency.Answer{Verdict: idempotency.Record}
			_, err := inner.Operation("pay", idempotency.Policy{}).Run(ctx, call, func(ctx context.Context) idempotency.Answer {
				s.enter(ctx, call.Key)
				return answer
			})
			ok(t, err)
			return answer
		})
		ok(t, err)
	}
	s.wantEntries(2)
}

func TestTransactionEndsWithTheHandler(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	var kept context.Context
	_, err := s.run("key", "payment", func(ctx context.Context, _ *idempotency.Answer) {
		kept = ctx
		tx, _ := pgstore.Tx(ctx)
		if tx.Commit(ctx) == nil || tx.Rollback(ctx) == nil {
			t.Error("the handler ended the transaction")
		}
		nested, err := tx.Begin(ctx)
		ok(t, err)
		_, err = nested.Exec(ctx, "DELETE FROM "+s.ledger())
		ok(t, err)
		ok(t, nested.Rollback(ctx))
	})
	ok(t, err)
	s.wantEntries(1)
	tx, _ := pgstore.Tx(kept)
	if _, err := tx.Exec(t.Context(), "SELECT"); err == nil {
		t.Error("the transaction can be used after its end")
	}
}

// TestHandlerThatEndsTheTransaction is a mistake that must not lose the outcome.
func TestHandlerThatEndsTheTransaction(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	for _, statement := range []string{"COMMIT", "ROLLBACK"} {
		_, err := s.run(statement, statement, func(ctx context.Context, _ *idempotency.Answer) {
			tx, _ := pgstore.Tx(ctx)
			_, err := tx.Exec(ctx, statement)
			ok(t, err)
		})
		ok(t, err)
		result, err := s.run(statement, statement, nil)
		s.answers(result, err, statement, true)
	}
	s.wantEntries(1)
}

func TestStoreWithoutTransactionsIsRefused(t *testing.T) {
	t.Parallel()
	plain := struct{ backend.Store }{newShop(t, idempotency.Policy{}).store}
	_, err := idempotency.New(plain, idempotency.WithPolicy("pay", idempotency.Policy{Transaction: backend.OneCommit}))
	if err == nil {
		t.Error("a policy wants transactions that the store does not have")
	}
}

func TestCallWithoutAConnectionIsRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	small := s.database.pool(t, "pool_max_conns=1")
	s.open(small, idempotency.Policy{})
	impatient := *s
	impatient.open(small, idempotency.Policy{}, pgstore.WithTimeout(50*time.Millisecond))
	_, err := s.run("key", "payment", func(context.Context, *idempotency.Answer) {
		_, err := impatient.run("other", "other", nil)
		want(t, err, idempotency.ErrStore)
	})
	ok(t, err)
	s.wantEntries(1)
}
