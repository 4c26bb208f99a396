package pgstore

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Tx returns the transaction of a handler that runs in one, see [backend.OneCommit]:
// what the handler writes with it is committed together with its answer, or not at
// all. It reports false for a handler that runs without one, such as that of a call
// without a key; [InTx] serves both.
//
// The transaction must not be used after the handler has returned, nor by several
// goroutines at once. The engine commits it: Commit and Rollback return an error.
// Begin makes a savepoint as always, and so does [pgx.BeginFunc].
func Tx(ctx context.Context) (pgx.Tx, bool) {
	if t := transactionOf(ctx); t != nil {
		return t.handler, true
	}
	return nil, false
}

// InTx runs a function in the transaction of the handler, see [Tx]. For a handler
// that runs without one it begins its own transaction, which it commits if the
// function returns no error, and rolls back otherwise.
func InTx(ctx context.Context, db Beginner, run func(pgx.Tx) error) error {
	if tx, ok := Tx(ctx); ok {
		return run(tx)
	}
	return pgx.BeginFunc(ctx, db, run)
}

// errEngineCommits is the error of a handler that ends the transaction itself.
var errEngineCommits = errors.New("pgstore: the engine ends the transaction, when the handler has answered")

// handlerTx is the transaction as a handler sees it.
type handlerTx struct {
	conn   *pgx.Conn
	closed atomic.Bool
	nested pgx.Tx // on the same connection, for what needs one of pgx; nil until then
}

var _ pgx.Tx = (*handlerTx)(nil)

// close keeps goroutines that the handler left behind from a connection that is no
// longer its own.
func (tx *handlerTx) close() { tx.closed.Store(true) }

// Commit implements pgx.Tx.
func (tx *handlerTx) Commit(context.Context) error { return tx.end() }

// Rollback implements pgx.Tx.
func (tx *handlerTx) Rollback(context.Context) error { return tx.end() }

func (tx *handlerTx) end() error {
	if tx.closed.Load() {
		return pgx.ErrTxClosed
	}
	return errEngineCommits
}

// Begin implements pgx.Tx.
func (tx *handlerTx) Begin(ctx context.Context) (pgx.Tx, error) {
	if tx.closed.Load() {
		return nil, pgx.ErrTxClosed
	}
	inner, err := tx.inner(ctx)
	if err != nil {
		return nil, err
	}
	return inner.Begin(ctx)
}

// inner returns a transaction of pgx, which only pgx can make, in that of the server.
func (tx *handlerTx) inner(ctx context.Context) (pgx.Tx, error) {
	if tx.nested != nil {
		return tx.nested, nil
	}
	var err error
	tx.nested, err = tx.conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: "SELECT"})
	return tx.nested, err
}

// LargeObjects implements pgx.Tx. Its methods fail if the connection does.
func (tx *handlerTx) LargeObjects() pgx.LargeObjects {
	inner, err := tx.inner(context.Background())
	if err != nil {
		return pgx.LargeObjects{}
	}
	return inner.LargeObjects()
}

// Exec implements pgx.Tx.
func (tx *handlerTx) Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error) {
	if tx.closed.Load() {
		return pgconn.CommandTag{}, pgx.ErrTxClosed
	}
	return tx.conn.Exec(ctx, sql, arguments...)
}

// Query implements pgx.Tx.
func (tx *handlerTx) Query(ctx context.Context, sql string, arguments ...any) (pgx.Rows, error) {
	if tx.closed.Load() {
		return nil, pgx.ErrTxClosed
	}
	return tx.conn.Query(ctx, sql, arguments...)
}

// QueryRow implements pgx.Tx.
func (tx *handlerTx) QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row {
	if tx.closed.Load() {
		return closedRow{}
	}
	return tx.conn.QueryRow(ctx, sql, arguments...)
}

// CopyFrom implements pgx.Tx.
func (tx *handlerTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	if tx.closed.Load() {
		return 0, pgx.ErrTxClosed
	}
	return tx.conn.CopyFrom(ctx, table, columns, rows)
}

// SendBatch implements pgx.Tx.
func (tx *handlerTx) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	if tx.closed.Load() {
		return closedBatch{}
	}
	return tx.conn.SendBatch(ctx, batch)
}

// Prepare implements pgx.Tx.
func (tx *handlerTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	if tx.closed.Load() {
		return nil, pgx.ErrTxClosed
	}
	return tx.conn.Prepare(ctx, name, sql)
}

// Conn implements pgx.Tx. The connection must not be used after the handler has
// returned.
func (tx *handlerTx) Conn() *pgx.Conn { return tx.conn }

// closedRow and closedBatch are what a transaction replies after its end.
type closedRow struct{}

func (closedRow) Scan(...any) error { return pgx.ErrTxClosed }

type closedBatch struct{}

func (closedBatch) Exec() (pgconn.CommandTag, error) { return pgconn.CommandTag{}, pgx.ErrTxClosed }
func (closedBatch) Query() (pgx.Rows, error)         { return nil, pgx.ErrTxClosed }
func (closedBatch) QueryRow() pgx.Row                { return closedRow{} }
func (closedBatch) Close() error                     { return pgx.ErrTxClosed }
func (closedBatch) Tx() pgx.Tx                       { return nil }
