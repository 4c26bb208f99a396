package redisstore_test

import (
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/nearcache"
	"github.com/oncewire/idempotency/backend/redisstore"
)

// near returns a near cache over a store of its own on the client, as another
// process would have it.
func near(tb testing.TB, client redisstore.Client) nearcache.Store {
	tb.Helper()
	cache, err := nearcache.New(store(tb, client, redisstore.WithTimeout(20*time.Second)))
	ok(tb, err)
	tb.Cleanup(func() { _ = cache.Close() })
	return cache
}

// TestConformanceNear runs the suite on a near cache, which must free what it
// keeps just as Redis does.
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

// TestNearOutlivesNothing: what another process finished is kept for as long
// as Redis says it has left, and not a moment longer.
func TestNearOutlivesNothing(t *testing.T) {
	client, key := connect(t), newKey()
	here, there := near(t, client), near(t, client)
	c := win(t, there, key)
	ok(t, there.Complete(t.Context(), key, c.Token, backend.Outcome{Bytes: []byte("done"), Retention: time.Second}))
	replays(t, here, key, "done")
	if here.Len() != 1 {
		t.Errorf("%d entries are kept, want 1", here.Len())
	}
	eventually(t, "the record to expire", func() bool { return client.Exists(t.Context(), name(key)).Val() == 0 })
	win(t, here, key)
}

// TestNearPurge: who removes a record from Redis and then tells the caches is
// not answered with it any more.
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
	if asked := stats(t, client)["set"] - before; asked != 1 {
		t.Errorf("Redis was asked by %d claims, want 1", asked)
	}
	ok(t, client.Del(t.Context(), name(key)).Err())
	for _, cache := range caches {
		replays(t, cache, key, "old") // nobody has told yet
		cache.Purge(key)
	}
	finish(t, caches[1], key, "new")
	for _, cache := range caches {
		replays(t, cache, key, "new")
	}
}

// name is where the record of key stands.
func name(key backend.Key) string { return redisstore.DefaultPrefix + key.String() }
