package pgstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/backend/pgstore"
)

// TestCompleteNeedsARightResponse, and the rest of the transaction is not harmed.
func TestCompleteNeedsARightResponse(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	result, err := s.do("key", func(ctx context.Context) ([]byte, error) {
		return []byte("payment"), s.enters(ctx, "payment", func(tx pgx.Tx) error {
			if err := pgstore.Complete(ctx, tx, "a string"); err == nil || !strings.Contains(err.Error(), "[]byte, not string") {
				t.Errorf("got error %v", err)
			}
			return nil
		})
	})
	s.answers(result, err, "payment", false)
	s.wantEntries(1)
}

func TestUnguardedHandlerJoinsNothing(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	ctx := t.Context()
	ok(t, s.enters(ctx, "payment", func(tx pgx.Tx) error {
		return errors.Join(pgstore.Complete(ctx, tx, 1), pgstore.Mark(ctx, tx, nil))
	}))
	s.wantEntries(1)
}

func TestJoinInOneCommitModeIsRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t, idempotency.Policy{})
	result, err := s.run("key", "payment", func(ctx context.Context, _ *idempotency.Answer) {
		tx, _ := pgstore.Tx(ctx)
		for _, err := range []error{pgstore.Complete(ctx, tx, []byte("payment")), pgstore.Mark(ctx, tx, nil)} {
			if err == nil || !strings.Contains(err.Error(), "Policy.Transaction") {
				t.Errorf("got error %v", err)
			}
		}
	})
	s.answers(result, err, "payment", false)
}

func TestJoinWithAnotherStoreIsRefused(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	records := memstore.New()
	t.Cleanup(func() { _ = records.Close() })
	engine, err := idempotency.New(records)
	ok(t, err)
	s.engine = engine
	_, err = s.do("key", func(ctx context.Context) ([]byte, error) { return s.pays(ctx, "payment") })
	if err == nil || !strings.Contains(err.Error(), "memstore.Store") {
		t.Errorf("got error %v", err)
	}
	s.wantEntries(0)
}

// TestJoinAfterTheAnswerIsRefused: a goroutine that the handler left behind.
func TestJoinAfterTheAnswerIsRefused(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	var left context.Context
	_, err := s.do("key", func(ctx context.Context) ([]byte, error) {
		left = context.WithoutCancel(ctx)
		return []byte("payment"), nil
	})
	ok(t, err)
	if _, err := s.pays(left, "late"); err == nil {
		t.Error("a claim that is finished was completed")
	}
	s.wantEntries(0)
}
