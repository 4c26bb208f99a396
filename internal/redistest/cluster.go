package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Cluster has three masters with one replica each.
type Cluster struct{ Nodes []*Server }

const masters = 3

// StartCluster starts a Cluster that ends with the test. It returns when every node
// reports that all slots are served and every replica is synchronized. If a master
// is killed, its replica replaces it after about a second.
func StartCluster(tb testing.TB, args ...string) *Cluster {
	tb.Helper()
	c := &Cluster{}
	for range 2 * masters {
		c.Nodes = append(c.Nodes, startNode(tb, args))
	}
	if err := c.join(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	await(tb, "the Cluster", func() bool { return c.formed(tb.Context()) })
	return c
}

// startNode starts a node with a separate port for the Cluster bus.
func startNode(tb testing.TB, args []string) *Server {
	tb.Helper()
	return Start(tb, append([]string{
		"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(freePort()),
		"--cluster-node-timeout", "1000", "--cluster-replica-validity-factor", "0",
	}, args...)...)
}

// Addrs returns the addresses of all nodes.
func (c *Cluster) Addrs() []string {
	var addrs []string
	for _, node := range c.Nodes {
		addrs = append(addrs, node.Addr())
	}
	return addrs
}

// Node returns the node that listens on the address.
func (c *Cluster) Node(addr string) *Server {
	for _, node := range c.Nodes {
		if node.Addr() == addr {
			return node
		}
	}
	return nil
}

// join introduces all nodes to the first one, distributes the slots among the
// masters, and assigns a replica to each master.
func (c *Cluster) join(ctx context.Context) error {
	for i, node := range c.Nodes {
		if err := node.do(ctx, "cluster", "set-config-epoch", i+1); err != nil {
			return err
		}
		if err := c.meet(ctx, node); err != nil {
			return err
		}
		if i < masters {
			first, last := i*16384/masters, (i+1)*16384/masters-1
			if err := node.do(ctx, "cluster", "addslotsrange", first, last); err != nil {
				return err
			}
		}
	}
	for i := range masters {
		if err := c.replicate(ctx, c.Nodes[masters+i], c.Nodes[i]); err != nil {
			return err
		}
	}
	return nil
}

// meet introduces the node to the first one.
func (c *Cluster) meet(ctx context.Context, node *Server) error {
	host, port, _ := net.SplitHostPort(c.Nodes[0].Addr())
	return node.do(ctx, "cluster", "meet", host, port, c.Nodes[0].args[3])
}

// replicate retries until the replica knows its master. On a busy machine, a meeting
// can take longer than the node's timeout and fail, so they meet again.
func (c *Cluster) replicate(ctx context.Context, replica, master *Server) error {
	id, err := master.query(ctx, "cluster", "myid")
	for start := time.Now(); err == nil; time.Sleep(50 * time.Millisecond) {
		failed := replica.do(ctx, "cluster", "replicate", id)
		if failed == nil {
			return nil
		}
		if time.Since(start) > patience {
			return fmt.Errorf("redistest: %w", failed)
		}
		err = errors.Join(c.meet(ctx, replica), c.meet(ctx, master))
	}
	return err
}

// formed reports whether every node reports that the Cluster is healthy, and every
// replica is connected.
func (c *Cluster) formed(ctx context.Context) bool {
	for i, node := range c.Nodes {
		info, _ := node.query(ctx, "cluster", "info")
		if !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:6") {
			return false
		}
		info, _ = node.query(ctx, "info", "replication")
		if i >= masters && !strings.Contains(info, "master_link_status:up") {
			return false
		}
		nodes, _ := node.query(ctx, "cluster", "nodes")
		if strings.Count(nodes, "slave ") != masters {
			return false
		}
	}
	return true
}

// do sends one command.
func (s *Server) do(ctx context.Context, args ...any) error {
	_, err := s.query(ctx, args...)
	return err
}

// query sends one command and returns its reply.
func (s *Server) query(ctx context.Context, args ...any) (string, error) {
	client := redis.NewClient(&redis.Options{Addr: s.Addr()})
	defer client.Close()
	return client.Do(ctx, args...).Text()
}

// await polls until done returns true.
func await(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	for start := time.Now(); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Since(start) > patience {
			tb.Fatalf("redistest: waited %v in vain for %s", patience, what)
		}
	}
}
