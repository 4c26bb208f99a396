package pgstore

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// statement is one of a batch.
type statement struct {
	sql       string
	arguments []any
}

func batch(statements ...statement) *pgx.Batch {
	b := new(pgx.Batch)
	for _, s := range statements {
		b.Queue(s.sql, s.arguments...)
	}
	return b
}

// closed closes the replies to a batch, and returns the first error of all.
func closed(replies pgx.BatchResults, err error) error {
	if last := replies.Close(); err == nil {
		return last
	}
	return err
}

// inTransaction reports whether the connection has a transaction to end, failed or not.
func inTransaction(conn *pgxpool.Conn) bool {
	return !conn.Conn().IsClosed() && conn.Conn().PgConn().TxStatus() != 'I'
}

// release ends the transaction of a connection, if there is one, and gives the
// connection back to the pool, which closes it if its transaction is still open.
func release(ctx context.Context, conn *pgxpool.Conn) {
	if inTransaction(conn) {
		_, _ = conn.Exec(ctx, "ROLLBACK")
	}
	conn.Release()
}
