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

	"github.com/oncewire/idempotency/internal/proxytest"
	"github.com/oncewire/idempotency/internal/redistest"
)

// cell is one fault in one mode. It has two processes over one store that loses no
// acknowledged write, proxies in front of each process and between it and the store, a
// journal of all charges, and the histories of a client.
type cell struct {
	*testing.T

	fault   fault
	mode    mode
	redis   *redistest.Server // nil if another store is used
	store   sharedStore
	journal string
	servers [2]*proxied

	mu      sync.Mutex
	random  *rand.Rand
	certain atomic.Int32 // disturbances that are certain, as yet
	died    time.Time    // when a process or the store was last killed or stopped

	histories []*history
}

// sharedStore is where the store of a cell is, and its URL behind a proxy.
type sharedStore struct {
	addr string
	url  func(proxy string) string
}

// proxied is a process with proxies between it and the store, and between it and its
// clients.
type proxied struct {
	*process

	store, http, grpc *proxytest.Proxy
	clients           []client // of the proxies
}

func newCell(t *testing.T, f fault, m mode) *cell {
	t.Helper()
	redis := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	c := newCellOn(t, f, m, sharedStore{redis.Addr(), func(proxy string) string { return "redis://" + proxy }})
	c.redis = redis
	return c
}

func newCellOn(t *testing.T, f fault, m mode, store sharedStore) *cell {
	t.Helper()
	name := fnv.New64a()
	fmt.Fprint(name, f.name, m.name)
	c := &cell{
		T: t, fault: f, mode: m, store: store,
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
	s := &proxied{store: proxytest.Start(c.T, c.store.addr)}
	s.process = startProcess(c.T, append([]string{
		"-store", c.store.url(s.store.Addr()), "-store-timeout", stepTimeout.String(),
		"-lease", c.fault.lease.String(), "-journal", c.journal,
	}, c.mode.flags...)...)
	s.http, s.grpc = proxytest.Start(c.T, s.httpAddress), proxytest.Start(c.T, s.grpcAddress)
	outside := &testServer{t: c.T, httpAddress: s.http.Addr(), grpcAddress: s.grpc.Addr()}
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

// dies is to be called when a process or the store is killed or stopped.
func (c *cell) dies() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.died = time.Now()
}

// lives is to be called when all processes and the store run again.
func (c *cell) lives() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.died = time.Time{}
}

// sinceDeath returns how long ago the latest death was; 0 if all live.
func (c *cell) sinceDeath() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.died.IsZero() {
		return 0
	}
	return time.Since(c.died)
}

// disturbClients disturbs the connections of clients; nil ends that.
func (c *cell) disturbClients(decide func(proxytest.Chunk) proxytest.Disturbance) {
	for _, s := range c.servers {
		s.http.Disturb(decide)
		s.grpc.Disturb(decide)
	}
}

// disturbRedis disturbs the connections to Redis; nil ends that.
func (c *cell) disturbRedis(decide func(proxytest.Chunk) proxytest.Disturbance) {
	for _, s := range c.servers {
		s.store.Disturb(decide)
	}
}

// disturbances returns the number of disturbed chunks.
func (c *cell) disturbances() (n int) {
	for _, s := range c.servers {
		n += s.http.Disturbances() + s.grpc.Disturbances() + s.store.Disturbances()
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
