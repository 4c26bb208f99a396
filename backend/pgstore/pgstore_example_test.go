package pgstore_test

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/pgstore"
)

func ExampleNew() {
	const url = "postgres://app@localhost/payments"
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		panic(err)
	}
	defer pool.Close()

	// Or apply the files in migrations/ as the owner of the schema.
	if err := pgstore.Migrate(ctx, pool); err != nil {
		panic(err)
	}
	store, err := pgstore.New(pool, pgstore.WithListener(func(ctx context.Context) (*pgx.Conn, error) {
		return pgx.Connect(ctx, url)
	}))
	if err != nil {
		panic(err)
	}
	defer store.Close()
	warnings, err := store.Check(ctx)
	slog.Info("postgres", "warnings", warnings, "error", err)

	engine, err := idempotency.New(store)
	if err != nil {
		panic(err)
	}
	_ = engine // guards every adapter of the service
}
