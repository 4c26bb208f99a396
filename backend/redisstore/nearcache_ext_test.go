package redisstore_test

import (
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/nearcache"
	"github.com/oncewire/idempotency/backend/redisstore"
)

// near returns a near cache over a new store with the client, as in another process.
func near(tb testing.TB, client redisstore.Client) nearcache.Store {
	tb.Helper()
	cache, err := nearcache.New(store(tb, client, redisstore.WithTimeout(20*time.Second)))
	ok(tb, err)
	tb.Cleanup(func() { _ = cache.Close() })
	return cache
}

// TestConformanceNear runs the suite on a near cache, which must free its entries too.
func TestConformanceNear(t *testing.T) {
	t.Parallel()
	backendtest.Run(t, backendtest.Harness{
		Open: func(tb testing.TB) backend.Store {
			tb.Helper()
			client := connect(tb)
			cache := near(tb, client)
			clients.Store(cache, client)
			return cache
		},
		Held: func(tb testing.TB, s backend.Store) int {
			tb.Helper()
			return max(held(tb, s), s.(nearcache.Store).Len())
		},
		Subtest:    inParallel,
		Tick:       20 * time.Millisecond,
		Resolution: time.Millisecond,
	})
}

// TestNearDoesNotOutliveTheRecord: a record that another process finished is cached at
// most for its remaining retention.
func TestNearDoesNotOutliveTheRecord(t *testing.T) {
	client, key := connect(t), newKey()
	here, there := near(t, client), near(t, client)
	c := win(t, there, key)
	ok(t, there.Complete(t.Context(), key, c.Token, backend.Outcome{Bytes: []byte("done"), Retention: time.Second}))
	replays(t, here, key, "done")
	if here.Len() != 1 {
		t.Errorf("%d entries are cached, want 1", here.Len())
	}
	eventually(t, "the record to expire", func() bool { return client.Exists(t.Context(), name(key)).Val() == 0 })
	win(t, here, key)
}

// TestNearPurge: a record that was removed from Redis and purged is not returned.
func TestNearPurge(t *testing.T) {
	_, client := own(t)
	key := newKey()
	caches := []nearcache.Store{near(t, client), near(t, client)}
	finish(t, caches[0], key, "old")
	before := stats(t, client)["set"]
	for range 3 {
		replays(t, caches[0], key, "old")
		replays(t, caches[1], key, "old")
	}
	if claims := stats(t, client)["set"] - before; claims != 1 {
		t.Errorf("%d claims reached Redis, want 1", claims)
	}
	ok(t, client.Del(t.Context(), name(key)).Err())
	for _, cache := range caches {
		replays(t, cache, key, "old") // not purged yet
		cache.Purge(key)
	}
	finish(t, caches[1], key, "new")
	for _, cache := range caches {
		replays(t, cache, key, "new")
	}
}

// name returns the name of the record of key in Redis.
func name(key backend.Key) string { return redisstore.DefaultPrefix + key.String() }
