package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/pgstore"
)

// marks writes an entry, and marks the claim with a reference to it.
func (s *shop) marks(ctx context.Context, text string) error {
	return s.enters(ctx, text, func(tx pgx.Tx) error { return pgstore.Mark(ctx, tx, []byte(text)) })
}

// rebuilding is a policy whose function reads the ledger of the shop.
func rebuilding(s **shop, calls *atomic.Int64) idempotency.Policy {
	return idempotency.Policy{Rebuild: func(ctx context.Context, e idempotency.Execution, reference []byte) (any, error) {
		calls.Add(1)
		if e.Key == "" || e.Operation != "pay" || e.Attempt != 1 {
			return nil, fmt.Errorf("rebuilds for %+v", e)
		}
		var entry string
		err := (*s).pool.QueryRow(ctx, "SELECT entry FROM "+(*s).ledger()+" WHERE entry = $1", string(reference)).Scan(&entry)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, idempotency.ErrOutcomeNotKept
		}
		return []byte("rebuilt " + entry), err
	}}
}

func joiningRebuilt(tb testing.TB) (s *shop, calls *atomic.Int64) {
	tb.Helper()
	calls = new(atomic.Int64)
	s = joining(tb, rebuilding(&s, calls))
	return s, calls
}

// crash runs a handler in a process that dies when it has returned: nothing of its
// engine reaches the server any more, and its lease ends.
func (s *shop) crash(key string, run func(context.Context) error) {
	s.tb.Helper()
	broken := &breakable{Pool: s.pool}
	engine, err := idempotency.New(s.storeOn(s.tb, broken, manual(10)), idempotency.WithLimits(idempotency.Limits{Retries: -1}))
	ok(s.tb, err)
	living := s.engine
	s.engine = engine
	_, _ = s.do(key, func(ctx context.Context) ([]byte, error) {
		ok(s.tb, run(ctx))
		broken.dead.Store(true)
		return []byte("never recorded"), nil
	})
	s.engine = living
	s.exec(s.tb, "UPDATE %s SET lease_until = clock_timestamp()")
}

// breakable is a pool that a process loses.
type breakable struct {
	pgstore.Pool

	dead atomic.Bool
}

func (b *breakable) QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row {
	if b.dead.Load() {
		return failedRow{errors.New("the process is dead")}
	}
	return b.Pool.QueryRow(ctx, sql, arguments...)
}

func (b *breakable) Exec(ctx context.Context, sql string, arguments ...any) (tag pgconn.CommandTag, err error) {
	if b.dead.Load() {
		return tag, errors.New("the process is dead")
	}
	return b.Pool.Exec(ctx, sql, arguments...)
}

func TestMarkedAnswerIsRecordedAfterwards(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	result, err := s.do("key", func(ctx context.Context) ([]byte, error) {
		ok(t, s.marks(ctx, "payment"))
		if s.stateOf() != backend.Marked {
			t.Error("the commit did not mark the record")
		}
		_, err := s.do("key", s.neverRuns)
		want(t, err, idempotency.ErrInProgress)
		return []byte("answer"), nil
	})
	s.answers(result, err, "answer", false)
	s.replay("key", "answer")
	s.wantEntries(1)
}

func TestMarkedErrorsAreNeverReleasedOrRunAgain(t *testing.T) {
	t.Parallel()
	failure := errors.New("after the commit")
	for name, answered := range map[string]error{"abandoned": failure, "released": idempotency.NoEffect(failure)} {
		s := joining(t, idempotency.Policy{})
		_, err := s.do(name, func(ctx context.Context) ([]byte, error) {
			ok(t, s.marks(ctx, "payment"))
			return nil, answered
		})
		want(t, err, failure)
		_, err = s.do(name, s.neverRuns)
		want(t, err, idempotency.ErrOutcomeNotKept)
		s.wantEntries(1)
	}
}

func TestMarkThatIsRolledBackIsForgotten(t *testing.T) {
	t.Parallel()
	s, calls := joiningRebuilt(t)
	failure := errors.New("rolled back")
	_, err := s.do("key", func(ctx context.Context) ([]byte, error) {
		return nil, idempotency.NoEffect(s.enters(ctx, "payment", func(tx pgx.Tx) error {
			return errors.Join(pgstore.Mark(ctx, tx, nil), failure)
		}))
	})
	want(t, err, failure)
	result, err := s.do("key", func(ctx context.Context) ([]byte, error) { return s.pays(ctx, "payment") })
	s.answers(result, err, "payment", false)
	s.replay("key", "payment")
	if calls.Load() != 0 {
		t.Error("a completed answer was rebuilt")
	}
}

func TestCrashBetweenMarkAndAnswer(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	s.crash("key", func(ctx context.Context) error { return s.marks(ctx, "payment") })
	for range 2 {
		_, err := s.do("key", s.neverRuns)
		want(t, err, idempotency.ErrOutcomeNotKept)
	}
	call := idempotency.Call{Key: "key", Fingerprint: backend.Fingerprint{1, 1}}
	_, err := s.engine.Do(t.Context(), "pay", call, s.neverRuns)
	want(t, err, idempotency.ErrKeyReused)
	s.wantEntries(1)
}

// TestCrashBeforeTheCommit leaves a claim and no effect.
func TestCrashBeforeTheCommit(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	s.crash("key", func(ctx context.Context) error {
		conn := s.conn(t)
		tx, err := conn.Begin(t.Context())
		ok(t, err)
		_, err = tx.Exec(t.Context(), "INSERT INTO "+s.ledger()+" VALUES ('payment')")
		ok(t, err)
		ok(t, pgstore.Complete(ctx, tx, []byte("payment")))
		return conn.Close(t.Context())
	})
	result, err := s.do("key", func(ctx context.Context) ([]byte, error) { return s.pays(ctx, "payment") })
	s.answers(result, err, "payment", false)
	if result.Attempt != 2 {
		t.Errorf("attempt %d, want 2", result.Attempt)
	}
	s.wantEntries(1)
}

func TestCrashAfterTheCommitOfACompletion(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	s.crash("key", func(ctx context.Context) error { _, err := s.pays(ctx, "payment"); return err })
	s.replay("key", "payment")
	s.wantEntries(1)
}

func TestCrashIsRebuilt(t *testing.T) {
	t.Parallel()
	s, _ := joiningRebuilt(t)
	s.crash("key", func(ctx context.Context) error { return s.marks(ctx, "payment") })
	s.replay("key", "rebuilt payment")
	s.replay("key", "rebuilt payment")
	s.wantEntries(1)
}

// TestReferenceAloneIsStored: with a function to rebuild answers, no content of an
// answer reaches the table.
func TestReferenceAloneIsStored(t *testing.T) {
	t.Parallel()
	s, calls := joiningRebuilt(t)
	result, err := s.do("key", func(ctx context.Context) ([]byte, error) {
		return []byte("personal data"), s.marks(ctx, "payment")
	})
	s.answers(result, err, "personal data", false)
	s.replay("key", "rebuilt payment") // at once: the lease has ended
	if calls.Load() != 1 {
		t.Errorf("rebuilt %d times, want once for each replay", calls.Load())
	}
	if n := s.query(t, "SELECT count(*) FROM "+s.table()+" WHERE outcome = 'payment'"); n != 1 {
		t.Error("the record does not have the reference alone")
	}
}

func TestRebuildThatFails(t *testing.T) {
	t.Parallel()
	s, _ := joiningRebuilt(t)
	_, err := s.do("key", func(ctx context.Context) ([]byte, error) { return nil, s.marks(ctx, "payment") })
	ok(t, err)
	_, err = s.pool.Exec(t.Context(), "DELETE FROM "+s.ledger())
	ok(t, err)
	_, err = s.do("key", s.neverRuns)
	want(t, err, idempotency.ErrOutcomeNotKept)
	_, err = s.pool.Exec(t.Context(), "DROP TABLE "+s.ledger())
	ok(t, err)
	_, err = s.do("key", s.neverRuns)
	want(t, err, idempotency.ErrStore)
}

func TestMarkedClaimCanBeCompleted(t *testing.T) {
	t.Parallel()
	s, calls := joiningRebuilt(t)
	result, err := s.do("key", func(ctx context.Context) ([]byte, error) {
		ok(t, s.marks(ctx, "first"))
		ok(t, s.marks(ctx, "second"))
		return s.pays(ctx, "third")
	})
	s.answers(result, err, "third", false)
	s.replay("key", "third")
	s.wantEntries(3)
	if calls.Load() != 0 {
		t.Error("a completed answer was rebuilt")
	}
}

// TestMarkedRecordIsNeverTakenOver by the steps of the store.
func TestMarkedRecordIsNeverTakenOver(t *testing.T) {
	t.Parallel()
	d := own(t)
	s := d.store(t)
	key := newKey()
	c := win(t, s, key)
	d.exec(t, `UPDATE %s SET state = 4, outcome = 'reference'`)
	waited := waiting(t, d, s, 1, key, c)
	ok(t, s.Extend(t.Context(), key, c.Token, 0, time.Hour))
	waited(nil)
	next := newClaim()
	next.Replaces = c.Token
	for _, claim := range []backend.Claim{next, newClaim(), c} {
		found, err := s.Claim(t.Context(), key, claim)
		ok(t, err)
		if found.State != backend.Marked || found.Token != c.Token || string(found.Outcome) != "reference" || !found.Expired() {
			t.Errorf("found %+v", found)
		}
	}
	want(t, s.Release(t.Context(), key, c.Token), backend.ErrClaimLost)
	_, err := s.RetentionLeft(t.Context(), key, c.Token)
	want(t, err, backend.ErrClaimLost)
	ok(t, s.Extend(t.Context(), key, c.Token, time.Hour, time.Hour))
	ok(t, s.Complete(t.Context(), key, c.Token, outcome("done")))
	replays(t, s, key, "done")
}
