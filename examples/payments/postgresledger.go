package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/oncewire/idempotency/backend/pgstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// postgresLedger is a ledger that processes share. A handler that runs in a
// transaction writes to it in that transaction: the entry is committed together with
// the answer, or not at all.
type postgresLedger struct{ pool *pgxpool.Pool }

// The statements of the ledger. Processes that start at the same time create the
// table one after the other.
const (
	lockLedger   = `SELECT pg_advisory_xact_lock(hashtextextended('payments ledger', 0))`
	createLedger = `CREATE TABLE IF NOT EXISTS payments (
	number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tenant text NOT NULL,
	id text NOT NULL UNIQUE,
	payment jsonb NOT NULL
)`
	indexLedger  = `CREATE INDEX IF NOT EXISTS payments_tenant ON payments (tenant, number)`
	insertEntry  = `INSERT INTO payments (tenant, id, payment) VALUES ($1, $2, $3)`
	countEntries = `SELECT count(*) FROM payments WHERE tenant = $1`
	updateEntry  = `UPDATE payments SET payment = $3 WHERE tenant = $1 AND id = $2`
	getEntry     = `SELECT payment FROM payments WHERE tenant = $1 AND id = $2`
	listEntries  = `SELECT payment FROM payments WHERE tenant = $1 ORDER BY number`
)

// migrate creates the table of the ledger if it does not exist.
func (l postgresLedger) migrate(ctx context.Context) error {
	return pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		for _, sql := range []string{lockLedger, createLedger, indexLedger} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l postgresLedger) add(ctx context.Context, tenant string, payment *paymentsv1.Payment) (entries int, err error) {
	text, err := protojson.Marshal(payment)
	if err != nil {
		return 0, err
	}
	err = l.in(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insertEntry, tenant, payment.GetId(), text); err != nil {
			return err
		}
		return tx.QueryRow(ctx, countEntries, tenant).Scan(&entries)
	})
	return entries, err
}

func (l postgresLedger) update(ctx context.Context, tenant, id string, change func(*paymentsv1.Payment)) (changed *paymentsv1.Payment, err error) {
	err = l.in(ctx, func(tx pgx.Tx) error {
		row := tx.QueryRow(ctx, getEntry+" FOR UPDATE", tenant, id)
		if changed, err = scanPayment(row); err != nil {
			return err
		}
		change(changed)
		text, err := protojson.Marshal(changed)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, updateEntry, tenant, id, text)
		return err
	})
	return changed, err
}

// awaitUpdate is refused: what a transaction has written is seen by no other call.
func (postgresLedger) awaitUpdate(context.Context, string, *paymentsv1.Payment) error {
	return status.Error(codes.FailedPrecondition, "simulate.hold needs a ledger in memory: in PostgreSQL no other call sees the payment before this one ends")
}

func (l postgresLedger) get(ctx context.Context, tenant, id string) (found *paymentsv1.Payment, err error) {
	err = l.in(ctx, func(tx pgx.Tx) error {
		found, err = scanPayment(tx.QueryRow(ctx, getEntry, tenant, id))
		return err
	})
	return found, err
}

func (l postgresLedger) list(ctx context.Context, tenant string) (found []*paymentsv1.Payment, err error) {
	err = l.in(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, listEntries, tenant)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (*paymentsv1.Payment, error) { return scanPayment(row) })
		return err
	})
	return found, err
}

// in runs a function in the transaction of the handler, or in one of its own for a
// call without a key. A failure of PostgreSQL may pass, so it is answered as such. A
// client learns no more.
func (l postgresLedger) in(ctx context.Context, run func(pgx.Tx) error) error {
	err := pgstore.InTx(ctx, l.pool, run)
	switch {
	case err == nil, errors.Is(err, errNoPayment):
		return err
	case ctx.Err() != nil:
		return status.FromContextError(ctx.Err()).Err()
	default:
		slog.WarnContext(ctx, "the ledger failed", "error", err)
		return status.Error(codes.Unavailable, "the ledger failed")
	}
}

// scanPayment reads the column payment.
func scanPayment(row pgx.Row) (*paymentsv1.Payment, error) {
	var text []byte
	if err := row.Scan(&text); errors.Is(err, pgx.ErrNoRows) {
		return nil, errNoPayment
	} else if err != nil {
		return nil, err
	}
	payment := new(paymentsv1.Payment)
	return payment, protojson.Unmarshal(text, payment)
}
