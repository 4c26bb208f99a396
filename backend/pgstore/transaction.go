package pgstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oncewire/idempotency/backend"
)

var _ backend.Transactor = (*Store)(nil)

// Begin implements [backend.Transactor]. It costs one round trip. A claim that wins then
// keeps a connection of the pool until Commit or Rollback. A key that this store has
// seen finished is read first, so that its replays open no transaction.
func (s *Store) Begin(ctx context.Context, key backend.Key, claim backend.Claim) (record backend.Record, _ backend.Transaction, err error) {
	if record, ok := heldClaim(ctx, s, key); ok {
		return record, nil, nil
	}
	var t *transaction
	err = s.step(ctx, "begin", func(ctx context.Context) error {
		found, err := s.lookIfRecent(ctx, key)
		if err == nil && found.free(&claim) {
			found, t, err = s.open(ctx, key, &claim)
		}
		if record = found.record; record.State == backend.Done {
			s.recent.add(key)
		}
		return err
	})
	switch {
	case err != nil:
		return backend.Record{}, nil, err
	case t == nil:
		return record, nil, nil
	default:
		return t.record, t, nil
	}
}

// lookIfRecent reads what the table has under a key that probably has a record.
func (s *Store) lookIfRecent(ctx context.Context, key backend.Key) (found, error) {
	if !s.recent.has(key) {
		return found{}, nil
	}
	return readFound(s.pool.QueryRow(ctx, s.sql.find, key[:]))
}

// open opens a transaction and locks the key in it. If the key has a record by then,
// that is returned and no transaction.
func (s *Store) open(ctx context.Context, key backend.Key, claim *backend.Claim) (found, *transaction, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return found{}, nil, fmt.Errorf("no connection of the pool: %w", err)
	}
	f, locked, err := s.lock(ctx, conn, key)
	if err == nil && f.free(claim) && !locked {
		err = backend.ErrLocked
	}
	if err != nil || !f.free(claim) {
		if locked && f.record.State == backend.Running {
			s.rollBack(conn) // at once: the caller may take the claim over
		} else {
			s.rollBackLater(conn)
		}
		return f, nil, err
	}
	return f, &transaction{
		store: s, conn: conn, key: key, record: won(claim), replaces: claim.Replaces,
		clears: f.exists, handler: &handlerTx{conn: conn.Conn()},
	}, nil
}

// lock begins a transaction, locks the key unless another one holds it, and reads its
// record. While the lock is held, only claims that run under a lease change that.
func (s *Store) lock(ctx context.Context, conn *pgxpool.Conn, key backend.Key) (f found, locked bool, err error) {
	replies := conn.SendBatch(ctx, batch(
		statement{s.sql.open, nil},
		statement{s.sql.lock, []any{lockNumber(key)}},
		statement{s.sql.find, []any{key[:]}},
		statement{"SAVEPOINT " + savepoint, nil},
	))
	if _, err = replies.Exec(); err == nil {
		err = replies.QueryRow().Scan(&locked)
	}
	if err == nil {
		f, err = readFound(replies.QueryRow())
	}
	return f, locked, closed(replies, err)
}

// rollBackLater ends a transaction that wrote nothing, for which no caller waits.
func (s *Store) rollBackLater(conn *pgxpool.Conn) {
	if inTransaction(conn) {
		s.background.run(func() { s.rollBack(conn) })
	} else {
		conn.Release()
	}
}

func (s *Store) rollBack(conn *pgxpool.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), s.backgroundTimeout())
	defer cancel()
	release(ctx, conn)
}

// savepoint is what a handler's writes are rolled back to.
const savepoint = "idempotency_claim"

// transaction is a claim in an open transaction. The key is locked in the database;
// the record is stored by the commit.
type transaction struct {
	store    *Store
	conn     *pgxpool.Conn
	key      backend.Key
	record   backend.Record // as it was claimed
	replaces backend.Token  // of the expired claim
	clears   bool           // the key has a row that is removed first
	discard  bool           // what the handler wrote
	handler  *handlerTx
	outer    *transaction // in which the handler's caller runs; nil for none
}

type transactionKey struct{}

// transactionOf returns the innermost transaction in which ctx was made; nil for none.
func transactionOf(ctx context.Context) *transaction {
	t, _ := ctx.Value(transactionKey{}).(*transaction)
	return t
}

// heldClaim returns the record of a claim that an open transaction around the caller
// holds. To claim the key on another connection would wait for that transaction.
func heldClaim(ctx context.Context, s *Store, key backend.Key) (backend.Record, bool) {
	for t := transactionOf(ctx); t != nil; t = t.outer {
		if t.store == s && t.key == key && !t.handler.closed.Load() {
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
	return t.conn.Conn().IsClosed() || t.conn.Conn().PgConn().TxStatus() == 'E'
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
