package pgstore_test

import (
	"context"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oncewire/idempotency/backend/pgstore"
)

// counter counts the statements of a store.
type counter struct {
	pgstore.Pool

	execs, queries, rows, acquires atomic.Int64
}

func (c *counter) Acquire(ctx context.Context) (*pgxpool.Conn, error) {
	c.acquires.Add(1)
	return c.Pool.Acquire(ctx)
}

func (c *counter) Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error) {
	c.execs.Add(1)
	return c.Pool.Exec(ctx, sql, arguments...)
}

func (c *counter) Query(ctx context.Context, sql string, arguments ...any) (pgx.Rows, error) {
	c.queries.Add(1)
	return c.Pool.Query(ctx, sql, arguments...)
}

func (c *counter) QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row {
	c.rows.Add(1)
	return c.Pool.QueryRow(ctx, sql, arguments...)
}

// failing fails statements with an error of the server, a number of times.
type failing struct {
	pgstore.Pool

	code  string
	times atomic.Int64
}

func (f *failing) err() error {
	if f.times.Add(-1) >= 0 {
		return &pgconn.PgError{Code: f.code, Message: "injected"}
	}
	return nil
}

func (f *failing) Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error) {
	if err := f.err(); err != nil {
		return pgconn.CommandTag{}, err
	}
	return f.Pool.Exec(ctx, sql, arguments...)
}

func (f *failing) QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row {
	if err := f.err(); err != nil {
		return failedRow{err}
	}
	return f.Pool.QueryRow(ctx, sql, arguments...)
}

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }
