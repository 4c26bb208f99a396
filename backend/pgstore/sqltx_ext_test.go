package pgstore_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/pgstore"
)

// sqlEnters writes an entry in a transaction of database/sql.
func (s *shop) sqlEnters(ctx context.Context, db *sql.DB, text string, join func(tx pgstore.OwnTx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, "INSERT INTO "+s.ledger()+" VALUES ($1)", text); err != nil {
		return err
	}
	if err := join(pgstore.SQLTx(tx)); err != nil {
		return err
	}
	return tx.Commit()
}

func TestTransactionOfDatabaseSQL(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	db := stdlib.OpenDBFromPool(s.pool)
	t.Cleanup(func() { _ = db.Close() })
	result, err := s.do("complete", func(ctx context.Context) ([]byte, error) {
		return []byte("one"), s.sqlEnters(ctx, db, "one", func(tx pgstore.OwnTx) error { return pgstore.Complete(ctx, tx, []byte("one")) })
	})
	s.answers(result, err, "one", false)
	s.replay("complete", "one")
	result, err = s.do("empty", func(ctx context.Context) ([]byte, error) {
		return nil, s.sqlEnters(ctx, db, "two", func(tx pgstore.OwnTx) error { return pgstore.Complete(ctx, tx, []byte{}) })
	})
	s.answers(result, err, "", false)
	s.replay("empty", "")
	s.crash("mark", func(ctx context.Context) error {
		return s.sqlEnters(ctx, db, "three", func(tx pgstore.OwnTx) error { return pgstore.Mark(ctx, tx, nil) })
	})
	_, err = s.do("mark", s.neverRuns)
	want(t, err, idempotency.ErrOutcomeNotKept)
	s.wantEntries(3)

	_, err = s.do("stale", func(ctx context.Context) ([]byte, error) {
		s.exec(t, "UPDATE %s SET token = gen_random_uuid() WHERE state = 1")
		err := s.sqlEnters(context.WithoutCancel(ctx), db, "stale", func(tx pgstore.OwnTx) error {
			want(t, pgstore.Complete(ctx, tx, []byte("stale")), backend.ErrClaimLost)
			return nil // commits nevertheless
		})
		if err == nil {
			t.Error("the transaction of a stale owner was committed")
		}
		return nil, errors.New("stale")
	})
	if err == nil {
		t.Error("the stale owner got no error")
	}
	s.wantEntries(3)
}
