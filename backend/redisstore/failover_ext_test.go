package redisstore_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/oncewire/idempotency/backend/redisstore"
	"github.com/oncewire/idempotency/internal/redistest"
)

const (
	// back is the time after an election within which every call must succeed
	// again, even on a busy machine. By itself, go-redis reloads the list of
	// servers of a Cluster only once a minute.
	back = 30 * time.Second
	// calm is how long all calls must succeed before the service counts as back.
	calm = 1500 * time.Millisecond
)

// TestFailoverOfSentinel kills the master under load. The failover loses records that
// only the master had. A record finished with WithMinReplicas must survive.
func TestFailoverOfSentinel(t *testing.T) {
	leavesNothing(t)
	servers := redistest.StartSentinel(t)
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: redistest.MasterName, SentinelAddrs: servers.Addrs(), ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { _ = client.Close() })
	s, key := store(t, client), newKey()
	finish(t, store(t, client, redisstore.WithMinReplicas(1, 500*time.Millisecond)), key, "kept")
	failsOver(t, client, servers.Master, servers.Replica)
	replays(t, s, key, "kept")
}

// TestFailoverOfCluster kills one master under load with keys on all masters.
func TestFailoverOfCluster(t *testing.T) {
	leavesNothing(t)
	cluster := redistest.StartCluster(t)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	failsOver(t, client, cluster.Nodes[0], replicaOf(t, cluster, cluster.Nodes[0]))
}

// leavesNothing requires that all goroutines that the test starts end with it. Run it
// first in the test. The pool of a dead server tries to connect once a second, and
// only then detects that its client was closed.
func leavesNothing(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		eventually(t, "goroutines to end", func() bool { return goleak.Find(before) == nil })
	})
}

// failsOver kills the master while callers use the client, and requires that calls
// succeed after its replica has been elected.
func failsOver(t *testing.T, client redis.UniversalClient, master, replica *redistest.Server) {
	t.Helper()
	l := &load{t: t, store: store(t, client, redisstore.WithTimeout(time.Second))}
	l.start()
	eventually(t, "some load", func() bool { return l.count() > 1000 })
	l.kill(master, replica)
	elected := election(t, replica)
	l.untilCalm(elected)
	l.stop()

	last, failures, well := l.health(elected)
	t.Logf("elected %v after the kill; %d attempts failed, the last one %v after the election",
		elected.Sub(l.killed), failures, last.Sub(elected))
	if !well || last.Sub(elected) > back {
		t.Errorf("calls fail %v after the election, or have not succeeded since; want at most %v", last.Sub(elected), back)
	}
	l.completeAll()
	l.replayAll()
	l.report()
	eventually(t, "connections to be returned to the pool", func() bool {
		stats := client.PoolStats()
		return stats.TotalConns == stats.IdleConns
	})
}

// election waits until the replica is a master, and returns the time. Sentinels and
// the other nodes of a Cluster detect the election later.
func election(t *testing.T, replica *redistest.Server) time.Time {
	t.Helper()
	eventually(t, "an election", func() bool { return role(t, replica)[0] == "master" })
	return time.Now()
}

// replicaOf returns the node that replicates the master.
func replicaOf(t *testing.T, cluster *redistest.Cluster, master *redistest.Server) *redistest.Server {
	t.Helper()
	for _, node := range cluster.Nodes {
		if of := role(t, node); of[0] == "slave" && masterAddr(of) == master.Addr() {
			return node
		}
	}
	t.Fatal("the master has no replica")
	return nil
}

// role returns the reply to the command ROLE.
func role(tb testing.TB, server *redistest.Server) []any {
	tb.Helper()
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	is, err := client.Do(tb.Context(), "role").Slice()
	ok(tb, err)
	return is
}

// masterAddr returns the address of the master in the role of a replica.
func masterAddr(role []any) string {
	return net.JoinHostPort(fmt.Sprint(role[1]), fmt.Sprint(role[2]))
}
