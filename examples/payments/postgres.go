package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oncewire/idempotency/backend/pgstore"
)

// inPostgres reports whether the store is PostgreSQL. Then the ledger is there too,
// and handlers run in one transaction with their records.
func (c config) inPostgres() bool {
	return strings.HasPrefix(c.store, "postgres://") || strings.HasPrefix(c.store, "postgresql://")
}

// migrateTimeout bounds what is done in PostgreSQL when the program starts.
const migrateTimeout = 30 * time.Second

// postgresStore closes its pool with the store.
type postgresStore struct {
	*pgstore.Store

	pool *pgxpool.Pool
}

func (s postgresStore) Close() error {
	err := s.Store.Close()
	s.pool.Close()
	return err
}

// openPostgres creates the tables of the store and of the ledger if they do not exist,
// and returns the store. Unlike Redis, PostgreSQL must answer when the program starts.
func (c config) openPostgres(ctx context.Context) (closingStore, error) {
	ctx, cancel := context.WithTimeout(ctx, migrateTimeout)
	defer cancel()
	pool, err := newPool(c.store)
	if err != nil {
		return nil, err
	}
	store, err := pgstore.New(pool, pgstore.WithLogger(slog.Default()))
	if err != nil {
		pool.Close()
		return nil, err
	}
	s := postgresStore{store, pool}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func newPool(text string) (*pgxpool.Pool, error) {
	u, err := url.Parse(text)
	if err != nil || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return nil, errNotURL
	}
	c, err := pgxpool.ParseConfig(text)
	if err != nil {
		return nil, err
	}
	return pgxpool.NewWithConfig(context.Background(), c)
}

// prepare brings the tables up to date, and logs what is wrong with the server.
func (s postgresStore) prepare(ctx context.Context) error {
	if err := pgstore.Migrate(ctx, s.pool); err != nil {
		return err
	}
	if err := (postgresLedger{s.pool}).migrate(ctx); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	warnings, err := s.Check(ctx)
	for _, warning := range warnings {
		slog.WarnContext(ctx, "the store may lose records", "warning", warning)
	}
	return err
}
