package pgstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/nearcache"
	"github.com/oncewire/idempotency/backend/pgstore"
)

// joining returns a shop whose handlers own their transactions.
func joining(tb testing.TB, policy idempotency.Policy, options ...pgstore.Option) *shop {
	tb.Helper()
	policy.Transaction = backend.NoTransaction
	return newShop(tb, policy, options...)
}

// do makes a call of Engine.Do.
func (s *shop) do(key string, run func(context.Context) ([]byte, error)) (idempotency.Result, error) {
	return s.engine.Do(s.tb.Context(), "pay", idempotency.Call{Key: key, Fingerprint: backend.Fingerprint{1}}, run)
}

// enters writes an entry in a transaction of the handler, with what join adds to it.
func (s *shop) enters(ctx context.Context, text string, join func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO "+s.ledger()+" VALUES ($1)", text); err != nil {
			return err
		}
		return join(tx)
	})
}

// pays is a handler that completes its claim together with its entry.
func (s *shop) pays(ctx context.Context, text string) ([]byte, error) {
	answer := []byte(text)
	return answer, s.enters(ctx, text, func(tx pgx.Tx) error { return pgstore.Complete(ctx, tx, answer) })
}

// neverRuns is a handler that must not run.
func (s *shop) neverRuns(context.Context) ([]byte, error) {
	s.tb.Error("the handler ran")
	return nil, nil
}

// replay requires what a later call gets.
func (s *shop) replay(key, want string) {
	s.tb.Helper()
	result, err := s.do(key, s.neverRuns)
	s.answers(result, err, want, true)
}

// counted has the engine's own statements counted.
func (s *shop) counted(policy idempotency.Policy) *counter {
	s.tb.Helper()
	c := &counter{Pool: s.pool}
	var err error
	s.engine, err = idempotency.New(s.storeOn(s.tb, c, manual(10)), idempotency.WithPolicy("*", policy))
	ok(s.tb, err)
	return c
}

// stateOf returns the state of the only record.
func (s *shop) stateOf() backend.State {
	return backend.State(s.query(s.tb, "SELECT coalesce(min(state), 0) FROM "+s.table()))
}

func TestCompleteCommitsEffectAndOutcome(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	result, err := s.do("key", func(ctx context.Context) ([]byte, error) {
		answer, err := s.pays(ctx, "payment")
		if s.stateOf() != backend.Done {
			t.Error("the commit did not finish the record")
		}
		return answer, err
	})
	s.answers(result, err, "payment", false)
	s.replay("key", "payment")
	s.wantEntries(1)
}

// TestCompletedAnswerTakesNoFurtherStep counts the statements of the store.
func TestCompletedAnswerTakesNoFurtherStep(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	counted := s.counted(idempotency.Policy{})
	_, err := s.do("key", func(ctx context.Context) ([]byte, error) { return s.pays(ctx, "payment") })
	ok(t, err)
	if n := counted.rows.Load() + counted.execs.Load(); n != 1 {
		t.Errorf("the store sent %d statements of its own, want the claim alone", n)
	}
}

func TestRolledBackCompletionIsForgotten(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	declined := errors.New("declined")
	complete := func(ctx context.Context) error {
		return s.enters(ctx, "payment", func(tx pgx.Tx) error {
			return errors.Join(pgstore.Complete(ctx, tx, []byte("payment")), declined)
		})
	}
	// Released, as the function had no effect.
	_, err := s.do("released", func(ctx context.Context) ([]byte, error) { return nil, idempotency.NoEffect(complete(ctx)) })
	want(t, err, declined)
	s.wantEntries(0)
	result, err := s.do("released", func(ctx context.Context) ([]byte, error) { return s.pays(ctx, "second") })
	s.answers(result, err, "second", false)
	if result.Attempt != 1 {
		t.Errorf("attempt %d, want 1", result.Attempt)
	}
	// Recorded, as the function has another answer.
	result, err = s.do("recorded", func(ctx context.Context) ([]byte, error) {
		want(t, complete(ctx), declined)
		return []byte("declined"), nil
	})
	s.answers(result, err, "declined", false)
	s.replay("recorded", "declined")
	// Abandoned, as it is unknown.
	_, err = s.do("abandoned", func(ctx context.Context) ([]byte, error) { return nil, complete(ctx) })
	want(t, err, declined)
	result, err = s.do("abandoned", func(ctx context.Context) ([]byte, error) { return s.pays(ctx, "third") })
	s.answers(result, err, "third", false)
	s.wantEntries(2)
}

// TestTransactionThatIsTriedAgain is the usual loop around a serialization failure.
func TestTransactionThatIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	result, err := s.do("key", func(ctx context.Context) ([]byte, error) {
		conflict := errors.New("conflict")
		want(t, s.enters(ctx, "payment", func(tx pgx.Tx) error {
			return errors.Join(pgstore.Complete(ctx, tx, []byte("first try")), conflict)
		}), conflict)
		return s.pays(ctx, "payment")
	})
	s.answers(result, err, "payment", false)
	s.replay("key", "payment")
}

// TestCommittedOutcomeReplacesTheAnswer: every caller gets what the transaction has
// committed, whatever the handler does after that.
func TestCommittedOutcomeReplacesTheAnswer(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	for name, after := range map[string]func() ([]byte, error){
		"another-answer": func() ([]byte, error) { return []byte("other"), nil },
		"an-error":       func() ([]byte, error) { return nil, errors.New("mail server is down") },
		"no-effect":      func() ([]byte, error) { return nil, idempotency.NoEffect(errors.New("a lie")) },
	} {
		result, err := s.do(name, func(ctx context.Context) ([]byte, error) {
			_, err := s.pays(ctx, name)
			ok(t, err)
			return after()
		})
		s.answers(result, err, name, true)
		s.replay(name, name)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = s.do("a-panic", func(ctx context.Context) ([]byte, error) {
			_, err := s.pays(ctx, "a-panic")
			ok(t, err)
			panic("after the commit")
		})
	}()
	s.replay("a-panic", "a-panic")
	s.wantEntries(4)
}

// TestStaleOwnerCannotCommit: its claim was taken over while it had no connection, and
// it even ignores the error.
func TestStaleOwnerCannotCommit(t *testing.T) {
	t.Parallel()
	for name, join := range map[string]func(context.Context, pgx.Tx) error{
		"complete": func(ctx context.Context, tx pgx.Tx) error { return pgstore.Complete(ctx, tx, []byte("stale")) },
		"mark":     func(ctx context.Context, tx pgx.Tx) error { return pgstore.Mark(ctx, tx, nil) },
	} {
		s := joining(t, idempotency.Policy{})
		_, err := s.do("key", func(ctx context.Context) ([]byte, error) {
			s.exec(t, "UPDATE %s SET lease_until = now()")
			result, err := s.do("key", func(ctx context.Context) ([]byte, error) { return s.pays(ctx, "taken over") })
			s.answers(result, err, "taken over", false)
			if result.Attempt != 2 {
				t.Errorf("%s: attempt %d, want 2", name, result.Attempt)
			}
			ctx = context.WithoutCancel(ctx)
			tx, err := s.pool.Begin(ctx)
			ok(t, err)
			_, err = tx.Exec(ctx, "INSERT INTO "+s.ledger()+" VALUES ('stale')")
			ok(t, err)
			want(t, join(ctx, tx), backend.ErrClaimLost)
			want(t, tx.Commit(ctx), pgx.ErrTxCommitRollback)
			return nil, errors.New("lost")
		})
		if err == nil {
			t.Errorf("%s: the stale owner got no error", name)
		}
		s.wantEntries(1)
		s.replay("key", "taken over")
	}
}

// TestSecondCompletionIsFenced: the claim is finished, so a second effect is not
// committed. The same completion may be sent again.
func TestSecondCompletionIsFenced(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	result, err := s.do("key", func(ctx context.Context) ([]byte, error) {
		ok(t, s.enters(ctx, "payment", func(tx pgx.Tx) error {
			return errors.Join(pgstore.Complete(ctx, tx, []byte("payment")), pgstore.Complete(ctx, tx, []byte("payment")))
		}))
		_, err := s.pays(ctx, "second")
		want(t, err, backend.ErrClaimLost)
		want(t, s.enters(ctx, "third", func(tx pgx.Tx) error { return pgstore.Mark(ctx, tx, nil) }), backend.ErrClaimLost)
		return []byte("payment"), nil
	})
	if err != nil || string(result.Outcome) != "payment" {
		t.Errorf("got %q, %v", result.Outcome, err)
	}
	s.replay("key", "payment")
	s.wantEntries(1)
}

// TestTransactionOutlivesTheLease: no call takes the claim over while the transaction
// holds its record, and the handler is not cancelled.
func TestTransactionOutlivesTheLease(t *testing.T) {
	t.Parallel()
	for name, join := range map[string]func(context.Context, pgx.Tx) error{
		"complete": func(ctx context.Context, tx pgx.Tx) error { return pgstore.Complete(ctx, tx, []byte("payment")) },
		"mark":     func(ctx context.Context, tx pgx.Tx) error { return pgstore.Mark(ctx, tx, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := joining(t, idempotency.Policy{})
			counted := s.counted(idempotency.Policy{Lease: 300 * time.Millisecond})
			result, err := s.do("key", func(ctx context.Context) ([]byte, error) {
				err := s.enters(ctx, "payment", func(tx pgx.Tx) error {
					ok(t, join(ctx, tx))
					eventually(t, "several leases", func() bool {
						return s.query(t, "SELECT (clock_timestamp() - lease_until > interval '1 s')::int FROM "+s.table()) == 1
					})
					_, err := s.do("key", s.neverRuns)
					want(t, err, idempotency.ErrInProgress)
					return ctx.Err()
				})
				// Heartbeats go on after the commit, and find the record finished or marked.
				before := counted.rows.Load()
				eventually(t, "heartbeats", func() bool { return counted.rows.Load() > before+3 })
				if ctx.Err() != nil {
					t.Errorf("the handler was cancelled: %v", context.Cause(ctx))
				}
				return []byte("payment"), err
			})
			s.answers(result, err, "payment", false)
			s.replay("key", "payment")
			s.wantEntries(1)
		})
	}
}

// TestHeartbeatsGoOnAfterARollback, so that the next transaction finds the claim.
func TestHeartbeatsGoOnAfterARollback(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{Lease: 300 * time.Millisecond})
	result, err := s.do("key", func(ctx context.Context) ([]byte, error) {
		conflict := errors.New("conflict")
		want(t, s.enters(ctx, "payment", func(tx pgx.Tx) error {
			return errors.Join(pgstore.Complete(ctx, tx, []byte("payment")), conflict)
		}), conflict)
		lease := func() int64 {
			return s.query(t, "SELECT (extract(epoch FROM lease_until) * 1000)::bigint FROM "+s.table())
		}
		until := lease()
		eventually(t, "two more heartbeats", func() bool { return lease() > until+200 })
		return s.pays(ctx, "payment")
	})
	s.answers(result, err, "payment", false)
}

func TestDuplicateWaitsForTheHandlersTransaction(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{Lease: 200 * time.Millisecond, Wait: time.Minute})
	duplicate := make(chan error, 1)
	result, err := s.do("key", func(ctx context.Context) ([]byte, error) {
		answer := []byte("payment")
		return answer, s.enters(ctx, "payment", func(tx pgx.Tx) error {
			ok(t, pgstore.Complete(ctx, tx, answer))
			go func() {
				result, err := s.do("key", s.neverRuns)
				if err == nil && (!result.Replayed || string(result.Outcome) != "payment") {
					err = errors.New("no replay: " + string(result.Outcome))
				}
				duplicate <- err
			}()
			eventually(t, "a takeover that waits for the transaction", func() bool {
				return s.query(t, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = $1", s.application()) > 0
			})
			return nil
		})
	})
	s.answers(result, err, "payment", false)
	ok(t, <-duplicate)
}

func TestJoinThroughANearCache(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	cache, err := nearcache.New(s.store)
	ok(t, err)
	t.Cleanup(func() { _ = cache.Close() })
	s.engine, err = idempotency.New(cache)
	ok(t, err)
	result, err := s.do("key", func(ctx context.Context) ([]byte, error) {
		_, err := s.pays(ctx, "payment")
		ok(t, err)
		return []byte("other"), nil
	})
	s.answers(result, err, "payment", true)
	for range 3 {
		s.replay("key", "payment")
	}
}

// TestAnswerWaitsForACommitInFlight: the handler answers an error while its transaction
// is still open on the server, as after a connection that was lost during COMMIT.
func TestAnswerWaitsForACommitInFlight(t *testing.T) {
	t.Parallel()
	for end, replaced := range map[string]bool{"COMMIT": true, "ROLLBACK": false} {
		s := joining(t, idempotency.Policy{})
		ended := make(chan error, 1)
		lost := errors.New("connection lost")
		result, err := s.do("key", func(ctx context.Context) ([]byte, error) {
			tx, err := s.conn(t).Begin(t.Context())
			ok(t, err)
			ok(t, pgstore.Complete(ctx, tx, []byte("payment")))
			go func() {
				eventually(t, "the engine, which waits for the transaction", func() bool {
					return s.query(t, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = $1", s.application()) > 0
				})
				_, err := tx.Exec(t.Context(), end)
				ended <- err
			}()
			return nil, idempotency.NoEffect(lost)
		})
		if replaced {
			s.answers(result, err, "payment", true)
			s.replay("key", "payment")
		} else {
			want(t, err, lost)
			if n := s.rows(t); n != 0 {
				t.Errorf("%d records, want none: the claim was not released", n)
			}
		}
		ok(t, <-ended)
	}
}
