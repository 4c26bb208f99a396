//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncewire/idempotency/internal/redistest"
)

// cell is one fault in one mode. It has two processes over one Redis that loses no
// acknowledged write, proxies in front of each process and between it and Redis, a
// journal of all charges, and the histories of a client.
type cell struct {
	*testing.T

	fault   fault
	mode    mode
	redis   *redistest.Server
	journal string
	servers [2]*proxied

	mu      sync.Mutex
	random  *rand.Rand
	certain atomic.Int32 // disturbances that are certain, as yet

	died      time.Time // when a process or Redis was last killed or stopped
	histories []*history
}

// proxied is a process with proxies between it and Redis, and between it and its
// clients.
type proxied struct {
	*process

	redis, http, grpc *proxy
	clients           []client // of the proxies
}

func newCell(t *testing.T, f fault, m mode) *cell {
	t.Helper()
	name := fnv.New64a()
	fmt.Fprint(name, f.name, m.name)
	c := &cell{
		T: t, fault: f, mode: m,
		redis:   redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always"),
		journal: filepath.Join(t.TempDir(), "journal"),
		random:  rand.New(rand.NewPCG(1, name.Sum64())),
	}
	for i := range c.servers {
		c.servers[i] = c.startServer()
	}
	return c
}

// stepTimeout is the timeout of a step of the store in a cell.
const stepTimeout = time.Second

func (c *cell) startServer() *proxied {
	c.Helper()
	redis := startProxy(c.T, c.redis.Addr())
	s := &proxied{redis: redis}
	s.process = startProcess(c.T, append(c.mode.flags,
		"-store", "redis://"+redis.address(), "-store-timeout", stepTimeout.String(),
		"-lease", c.fault.lease.String(), "-journal", c.journal)...)
	s.http, s.grpc = startProxy(c.T, s.httpAddress), startProxy(c.T, s.grpcAddress)
	outside := &testServer{t: c.T, httpAddress: s.http.address(), grpcAddress: s.grpc.address()}
	for _, p := range protocols {
		s.clients = append(s.clients, p.dial(c.T, outside))
	}
	return s
}

// chance is true with the given probability. The random numbers are the same in every
// run of a cell.
func (c *cell) chance(probability float64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.Float64() < probability
}

// pick returns a random number below n.
func (c *cell) pick(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.IntN(n)
}

// randomUpTo returns a random positive time.
func (c *cell) randomUpTo(limit time.Duration) time.Duration {
	return time.Duration(c.pick(int(limit))) + 1
}

// disturbClients disturbs the connections of clients; nil ends that.
func (c *cell) disturbClients(decide func(chunk) disturbance) {
	for _, s := range c.servers {
		s.http.disturb(decide)
		s.grpc.disturb(decide)
	}
}

// disturbRedis disturbs the connections to Redis; nil ends that.
func (c *cell) disturbRedis(decide func(chunk) disturbance) {
	for _, s := range c.servers {
		s.redis.disturb(decide)
	}
}

// disturbances returns the number of disturbed chunks.
func (c *cell) disturbances() (n int) {
	for _, s := range c.servers {
		n += s.http.disturbances() + s.grpc.disturbances() + s.redis.disturbances()
	}
	return n
}

// charges reads the journal: the charges of all processes, by key.
func (c *cell) charges() map[string][]journalLine {
	c.Helper()
	text, err := os.ReadFile(c.journal)
	if err != nil && !os.IsNotExist(err) {
		c.Fatal(err)
	}
	found := map[string][]journalLine{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var line journalLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			c.Fatalf("journal: %v in %q", err, lines.Text())
		}
		found[line.Key] = append(found[line.Key], line)
	}
	return found
}

// awaitCharges waits until all of the calls have charged.
func (c *cell) awaitCharges(histories []*history) {
	c.Helper()
	eventually(c, "charges", func() bool {
		charges := c.charges()
		for _, h := range histories {
			if len(charges[h.key()]) == 0 {
				return false
			}
		}
		return true
	})
}
