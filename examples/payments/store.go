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

// openStore opens what -store names. Processes that share one Redis act as one.
func (c config) openStore(ctx context.Context) (closingStore, error) {
	if c.store == "memory" {
		return memstore.New(), nil
	}
	client, err := openRedis(c.store)
	if err != nil {
		return nil, fmt.Errorf("-store: %w", err)
	}
	store, err := redisstore.New(client)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("-store: %w", err), client.Close())
	}
	c.check(ctx, store)
	return redisStore{store, client}, nil
}

// redisStore is a store with a client of its own.
type redisStore struct {
	*redisstore.Store

	client redis.UniversalClient
}

func (s redisStore) Close() error { return errors.Join(s.Store.Close(), s.client.Close()) }

// check logs what is wrong with Redis, and lets the service start all the same:
// without Redis it refuses calls with a key, until Redis is there.
func (c config) check(ctx context.Context, store *redisstore.Store) {
	ctx, cancel := context.WithTimeout(ctx, c.storeTimeout)
	defer cancel()
	warnings, err := store.Check(ctx)
	for _, warning := range warnings {
		slog.WarnContext(ctx, "the store may lose keys", "warning", warning)
	}
	if err != nil {
		slog.WarnContext(ctx, "the store does not answer: calls with a key are refused until it does", "error", err)
	}
}
