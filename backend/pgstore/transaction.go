package pgstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oncewire/idempotency/backend"
)

var _ backend.Transactor = (*Store)(nil)

// savepoint is what DiscardWrites goes back to: the claim stands, and the handler has
// written nothing.
const savepoint = "idempotency_claim"

// Begin implements [backend.Transactor]. It costs one round trip on a connection of
// the pool, which a claim that has won keeps until Commit or Rollback.
func (s *Store) Begin(ctx context.Context, key backend.Key, claim backend.Claim) (record backend.Record, _ backend.Transaction, err error) {
	if record, ok := heldClaim(ctx, s, key); ok {
		return record, nil, nil
	}
	var conn *pgxpool.Conn
	err = s.step(ctx, "begin", func(ctx context.Context) error {
		for decided := false; !decided; {
			if record, conn, decided, err = s.begin(ctx, key, &claim); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case isLocked(err):
		return backend.Record{}, nil, backend.ErrLocked
	case err != nil:
		return backend.Record{}, nil, err
	case conn == nil:
		return record, nil, nil
	default:
		t := &transaction{store: s, conn: conn, key: key, record: record, handler: &handlerTx{conn: conn.Conn()}}
		return record, t, nil
	}
}

// begin opens a transaction and claims in it. The connection is that of a claim that
// has won, and nil otherwise.
func (s *Store) begin(ctx context.Context, key backend.Key, claim *backend.Claim) (record backend.Record, conn *pgxpool.Conn, decided bool, err error) {
	if conn, err = s.pool.Acquire(ctx); err != nil {
		return backend.Record{}, nil, false, fmt.Errorf("no connection of the pool: %w", err)
	}
	sql := s.sql.begin
	if claim.Replaces != (backend.Token{}) {
		sql = s.sql.beginTakeover
	}
	batch := new(pgx.Batch)
	batch.Queue(s.sql.open)
	batch.Queue(sql, claimArguments(key, claim)...)
	batch.Queue("SAVEPOINT " + savepoint)
	replies := conn.SendBatch(ctx, batch)
	if _, err = replies.Exec(); err == nil {
		record, decided, err = readClaim(replies.QueryRow(), claim)
	}
	err = errors.Join(err, replies.Close())
	if err == nil && decided && record.Token == claim.Token && record.State == backend.Running {
		return record, conn, true, nil
	}
	s.rollBackLater(conn)
	return record, nil, decided, err
}

// rollBackLater ends a transaction that wrote nothing, for which no caller waits.
func (s *Store) rollBackLater(conn *pgxpool.Conn) {
	if conn.Conn().IsClosed() {
		conn.Release()
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.backgroundTimeout())
		defer cancel()
		_, _ = conn.Exec(ctx, "ROLLBACK")
		conn.Release() // closes a connection whose transaction is still open
	}()
}

func isLocked(err error) bool {
	failure, ok := errors.AsType[*pgconn.PgError](err)
	return ok && failure.Code == "55P03" // lock_not_available
}

// transaction is a claim in an open transaction.
type transaction struct {
	store   *Store
	conn    *pgxpool.Conn
	key     backend.Key
	record  backend.Record // as it was claimed
	outer   *transaction   // in which the handler's caller runs; nil for none
	handler *handlerTx
	discard bool
}

type transactionKey struct{}

// transactionOf returns the innermost transaction in which ctx was made; nil for none.
func transactionOf(ctx context.Context) *transaction {
	t, _ := ctx.Value(transactionKey{}).(*transaction)
	return t
}

// heldClaim returns the record of a claim that a transaction around the caller holds.
// To claim the key on another connection would wait for that transaction.
func heldClaim(ctx context.Context, s *Store, key backend.Key) (backend.Record, bool) {
	for t := transactionOf(ctx); t != nil; t = t.outer {
		if t.store == s && t.key == key {
			return t.record, true
		}
	}
	return backend.Record{}, false
}

// Context implements [backend.Transaction].
func (t *transaction) Context(parent context.Context) context.Context {
	t.outer = transactionOf(parent)
	return context.WithValue(parent, transactionKey{}, t)
}

// Failed implements [backend.Transaction].
func (t *transaction) Failed() bool {
	return t.conn.Conn().IsClosed() || t.conn.Conn().PgConn().TxStatus() != 'T'
}

// DiscardWrites implements [backend.Transaction].
func (t *transaction) DiscardWrites() { t.discard = true }

// Rollback implements [backend.Transaction].
func (t *transaction) Rollback(ctx context.Context) error {
	t.handler.close()
	defer t.conn.Release()
	_, err := t.conn.Exec(ctx, "ROLLBACK")
	return err
}
