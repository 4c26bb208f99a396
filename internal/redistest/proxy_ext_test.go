package redistest_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/internal/redistest"
)

// impatient returns a client with at most one connection and no retries.
func impatient(t *testing.T, addr string) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{
		Addr: addr, ContextTimeoutEnabled: true, MaxRetries: -1, PoolSize: 1, DialTimeout: time.Minute,
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// timesOut sets the key and requires that there is no reply.
func timesOut(t *testing.T, client *redis.Client, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if client.Set(ctx, key, "value", 0).Err() == nil {
		t.Fatal("got a reply")
	}
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for start := time.Now(); !done(); time.Sleep(time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// TestProxyDeliversLate: after a partition, the command of another client is applied
// first, and then the one that has already timed out.
func TestProxyDeliversLate(t *testing.T) {
	direct := redis.NewClient(&redis.Options{Addr: redistest.Start(t).Addr()})
	defer direct.Close()
	proxy := redistest.StartProxy(t, direct.Options().Addr, nil)
	client := impatient(t, proxy.Addr())
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	exists := func(key string) bool { return direct.Exists(t.Context(), key).Val() == 1 }

	proxy.Part()
	timesOut(t, client, "early")
	eventually(t, "bytes in the proxy", func() bool { return proxy.Held() > 0 })
	proxy.Heal()
	if err := impatient(t, proxy.Addr()).Set(t.Context(), "late", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if exists("early") || !exists("late") {
		t.Error("held data was not delivered last")
	}
	proxy.Deliver()
	eventually(t, "held data", func() bool { return exists("early") })
	eventually(t, "the proxy to be empty", func() bool { return proxy.Held() == 0 })
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}

func TestProxyDropsReplies(t *testing.T) {
	direct := redis.NewClient(&redis.Options{Addr: redistest.Start(t).Addr()})
	defer direct.Close()
	proxy := redistest.StartProxy(t, direct.Options().Addr, nil)
	client := impatient(t, proxy.Addr())
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	proxy.DropReplies(true)
	timesOut(t, client, "key")
	eventually(t, "the server to have done it", func() bool { return direct.Exists(t.Context(), "key").Val() == 1 })
	eventually(t, "the reply to be dropped", func() bool { return proxy.Lost() == 1 })
	proxy.DropReplies(false)
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}

func TestProxyDelays(t *testing.T) {
	const trip = 20 * time.Millisecond
	proxy := redistest.StartProxy(t, redistest.Start(t).Addr(), nil)
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	defer client.Close()
	proxy.Delay(trip)
	for range 3 {
		start := time.Now()
		if err := client.Ping(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < trip {
			t.Errorf("a round trip took %v", took)
		}
	}
}
