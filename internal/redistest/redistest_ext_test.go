package redistest_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/oncewire/idempotency/internal/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServer(t *testing.T) {
	server := redistest.Start(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1, DialerRetries: 1})
	defer client.Close()
	if err := client.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if client.Ping(t.Context()).Err() == nil {
		t.Error("a killed server replies")
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	_ = client.Ping(t.Context()) // detects the broken connection
	if n, err := client.DBSize(t.Context()).Result(); n != 0 || err != nil {
		t.Errorf("a restarted server holds %d keys, %v, want none", n, err)
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	defer client.Close()
	for _, key := range []string{"a", "b", "c", "d"} {
		if err := client.Set(t.Context(), key, "value", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSentinel(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t)
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: redistest.MasterName, SentinelAddrs: s.Addrs()})
	defer client.Close()
	if err := client.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Master.Kill()
	start := time.Now()
	for client.Set(t.Context(), "key", "value", 0).Err() != nil {
		if time.Since(start) > 2*time.Minute { // as the patience of redistest
			t.Fatal("no new master")
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("served again after %v", time.Since(start))
}
