package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/backend/redisstore"
)

type closingStore interface {
	backend.Store
	io.Closer
}

// openStore opens the store of the flag -store. Processes that share one Redis or
// PostgreSQL share their keys.
func (c config) openStore(ctx context.Context) (store closingStore, err error) {
	switch {
	case c.store == "memory":
		return memstore.New(), nil
	case c.inPostgres():
		store, err = c.openPostgres(ctx)
	default:
		store, err = c.openRedis(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("-store: %w", err)
	}
	return store, nil
}

// ledgerOf returns the ledger that belongs to a store: in its database, or a new one
// in memory.
func ledgerOf(store backend.Store) ledger {
	if shared, ok := store.(postgresStore); ok {
		return postgresLedger{shared.pool}
	}
	return newMemoryLedger()
}

func (c config) openRedis(ctx context.Context) (closingStore, error) {
	client, err := newRedisClient(c.store)
	if err != nil {
		return nil, err
	}
	store, err := redisstore.New(client)
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	c.checkRedis(ctx, store)
	return redisStore{store, client}, nil
}

// redisStore closes its client with the store.
type redisStore struct {
	*redisstore.Store

	client redis.UniversalClient
}

func (s redisStore) Close() error { return errors.Join(s.Store.Close(), s.client.Close()) }

// checkRedis logs problems of Redis. The service starts nevertheless: while Redis
// cannot be reached, it refuses calls with a key.
func (c config) checkRedis(ctx context.Context, store *redisstore.Store) {
	ctx, cancel := context.WithTimeout(ctx, c.storeTimeout)
	defer cancel()
	warnings, err := store.Check(ctx)
	for _, warning := range warnings {
		slog.WarnContext(ctx, "the store may lose records", "warning", warning)
	}
	if err != nil {
		slog.WarnContext(ctx, "the store does not answer: calls with a key are refused until it answers", "error", err)
	}
}
