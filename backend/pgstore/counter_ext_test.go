package pgstore_test

import (
	"context"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oncewire/idempotency/backend/pgstore"
)

// counter counts the statements of a store.
type counter struct {
	pgstore.Pool

	execs, queries, rows atomic.Int64
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
