package redisstore_test

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/redisstore"
)

func ExampleNew() {
	client := redis.NewClient(redisstore.PrepareOptions(&redis.Options{Addr: "localhost:6379"}))
	defer client.Close()

	store, err := redisstore.New(client, redisstore.WithPrefix("payments:"))
	if err != nil {
		panic(err)
	}
	defer store.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	warnings, err := store.Check(ctx)
	slog.Info("redis", "warnings", warnings, "error", err)

	engine, err := idempotency.New(store)
	if err != nil {
		panic(err)
	}
	_ = engine // pass it to the adapters of the service
}

func ExampleNewAESGCM() {
	current := redisstore.SealKey{ID: 2, Secret: make([]byte, 32)} // from your vault
	older := redisstore.SealKey{ID: 1, Secret: make([]byte, 32)}   // still opens the records that it has sealed
	sealer, err := redisstore.NewAESGCM(current, older)
	if err != nil {
		panic(err)
	}
	_ = redisstore.WithSealer(sealer)
}

func ExampleWithMinReplicas() {
	client := redis.NewFailoverClient(redisstore.PrepareOptions(&redis.FailoverOptions{
		MasterName:    "payments",
		SentinelAddrs: []string{"sentinel-1:26379", "sentinel-2:26379", "sentinel-3:26379"},
	}))
	defer client.Close()
	store, err := redisstore.New(client, redisstore.WithMinReplicas(1, 100*time.Millisecond))
	if err != nil {
		panic(err)
	}
	defer store.Close()
}
