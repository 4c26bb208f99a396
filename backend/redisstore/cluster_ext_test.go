package redisstore_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/redisstore"
	"github.com/oncewire/idempotency/internal/redistest"
)

// TestCluster runs the suite on a Cluster.
func TestCluster(t *testing.T) {
	cluster := redistest.StartCluster(t, "--appendonly", "yes")
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	t.Cleanup(func() { _ = client.Close() })
	t.Run("Conformance", func(t *testing.T) {
		backendtest.Run(t, backendtest.Harness{
			Open: func(tb testing.TB) backend.Store {
				tb.Helper()
				prefix := newKey().String() + ":"
				s := store(tb, client, redisstore.WithPrefix(prefix), redisstore.WithTimeout(20*time.Second))
				prefixes.Store(s, prefix)
				return s
			},
			Held:       func(tb testing.TB, s backend.Store) int { tb.Helper(); return heldInCluster(tb, client, s) },
			Subtest:    inParallel,
			Tick:       20 * time.Millisecond,
			Resolution: time.Millisecond,
		})
	})
	t.Run("AutoPipelined", func(t *testing.T) {
		finish(t, store(t, client, redisstore.WithAutoPipeline()), newKey(), "done")
	})
	t.Run("ReadsFromReplicas", func(t *testing.T) {
		reading := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs(), RouteRandomly: true})
		defer reading.Close()
		s := store(t, reading)
		for range 100 {
			key := newKey()
			finish(t, s, key, "done")
			replays(t, s, key, "done")
		}
	})
	t.Run("MinReplicas", func(t *testing.T) {
		s := store(t, client, redisstore.WithMinReplicas(1, time.Second))
		for range 20 {
			finish(t, s, newKey(), "done")
		}
	})
	t.Run("Waiting", func(t *testing.T) {
		s, key := store(t, client), newKey()
		redisstore.DisablePolling(s)
		c := win(t, s, key)
		done := make(chan error, 1)
		go func() { done <- s.Wait(t.Context(), key, c.Token) }()
		eventually(t, "a subscription on some node", func() bool { return subscribed(t, client, "idem:"+key.String()) })
		ok(t, s.Complete(t.Context(), key, c.Token, outcome("done")))
		select {
		case err := <-done:
			ok(t, err)
		case <-time.After(time.Minute):
			t.Fatal("the waiter did not return after the end")
		}
	})
	t.Run("Check", func(t *testing.T) {
		warnings, err := store(t, client).Check(t.Context())
		if err != nil || len(warnings) != 0 {
			t.Errorf("%q, %v", warnings, err)
		}
	})
}

// prefixes maps each store to its prefix.
var prefixes sync.Map

// heldInCluster counts with SCAN, because the tests share the database.
func heldInCluster(tb testing.TB, client *redis.ClusterClient, s backend.Store) int {
	tb.Helper()
	prefix, _ := prefixes.Load(s)
	var n atomic.Int64
	ok(tb, client.ForEachMaster(tb.Context(), func(ctx context.Context, master *redis.Client) error {
		names := master.Scan(ctx, 0, prefix.(string)+"*", 1000).Iterator()
		for names.Next(ctx) {
			n.Add(1)
		}
		return names.Err()
	}))
	return int(n.Load())
}

func subscribed(tb testing.TB, client *redis.ClusterClient, name string) bool {
	tb.Helper()
	var n atomic.Int64
	ok(tb, client.ForEachShard(tb.Context(), func(ctx context.Context, node *redis.Client) error {
		n.Add(node.PubSubNumSub(ctx, name).Val()[name])
		return nil
	}))
	return n.Load() > 0
}
