package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/oncewire/idempotency/backend"
)

var _ backend.HandlerTransaction = (*joinedTx)(nil)

// joinedTx is a transaction of a handler that its claim is joined to.
type joinedTx struct {
	store *Store
	tx    OwnTx
}

// Store implements [backend.HandlerTransaction].
func (t *joinedTx) Store() backend.Store { return t.store }

// Complete implements [backend.HandlerTransaction].
func (t *joinedTx) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	return t.write(ctx, "complete", key, token, &outcome, outcome.State())
}

// Mark implements [backend.HandlerTransaction].
func (t *joinedTx) Mark(ctx context.Context, key backend.Key, token backend.Token, reference []byte) error {
	return t.write(ctx, "mark", key, token, &backend.Outcome{Bytes: reference}, backend.Marked)
}

// write changes the record within the transaction. It is sent once, as a transaction
// is over after an error.
func (t *joinedTx) write(ctx context.Context, what string, key backend.Key, token backend.Token, outcome *backend.Outcome, state backend.State) error {
	var content any // a driver of database/sql may not take a nil []byte for null
	if bytes := stored(outcome); bytes != nil {
		content = bytes
	}
	_, err := t.tx.Exec(ctx, t.store.sql.join, key[:], uuid(token), int16(state), content,
		retention(outcome.Retention), slack(outcome.Retention), t.store.channel())
	switch {
	case err == nil:
		return nil
	case sqlState(err) == "P0002": // no_data_found
		return fmt.Errorf("pgstore: %s: %w: %w", what, backend.ErrClaimLost, err)
	default:
		return explain(ctx, what, err)
	}
}

// Extend implements [backend.HandlerTransaction].
func (t *joinedTx) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, keep time.Duration) error {
	return t.store.step(ctx, "extend", func(ctx context.Context) error {
		var own bool
		err := t.store.pool.QueryRow(ctx, t.store.sql.hold,
			key[:], uuid(token), interval(lease), retention(keep), slack(keep)).Scan(&own)
		if err == nil && !own {
			return backend.ErrClaimLost
		}
		return err
	})
}

// Committed implements [backend.HandlerTransaction].
func (t *joinedTx) Committed(ctx context.Context, key backend.Key, token backend.Token) (record backend.Record, err error) {
	err = t.store.step(ctx, "find the record", func(ctx context.Context) error {
		var found row
		err := t.store.pool.QueryRow(ctx, t.store.sql.committed, key[:], uuid(token)).Scan(found.columns()...)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return nil
		case err != nil:
			return err
		}
		record, err = found.record()
		return err
	})
	return record, err
}
