package redisstore_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/internal/redistest"
)

// TestConformanceOfSentinel runs the suite on a master found through Sentinel.
func TestConformanceOfSentinel(t *testing.T) {
	servers := redistest.StartSentinel(t, "--databases", "1024", "--hz", "100")
	conforms(t, func(tb testing.TB) *redis.Client {
		tb.Helper()
		client := redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: redistest.MasterName, SentinelAddrs: servers.Addrs(),
			DB: int(databases.Add(1)) % 1024, ContextTimeoutEnabled: true,
		})
		tb.Cleanup(func() { _ = client.Close() })
		return client
	})
}
