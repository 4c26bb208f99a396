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

// cell is one fault in one mode: two processes over one Redis that keeps what
// it has acknowledged, wires before and behind each process, a journal of all
// charges, and a client that knows nothing of the faults.
type cell struct {
	*testing.T

	fault   fault
	mode    mode
	redis   *redistest.Server
	journal string
	servers [2]*wired

	mu     sync.Mutex
	random *rand.Rand
	owed   atomic.Int32

	died    time.Time // when the latest process or Redis was killed or stopped
	stories []*story
}

// wired is a process that the client and Redis reach over wires.
type wired struct {
	*process

	redis, http, grpc *wire
	doors             []door // over the wires
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

// stepBound is what the store may take for a step, in a cell.
const stepBound = time.Second

func (c *cell) startServer() *wired {
	c.Helper()
	redis := startWire(c.T, c.redis.Addr())
	s := &wired{redis: redis}
	s.process = startProcess(c.T, append(c.mode.flags,
		"-store", "redis://"+redis.address(), "-store-timeout", stepBound.String(),
		"-lease", c.fault.lease.String(), "-journal", c.journal)...)
	s.http, s.grpc = startWire(c.T, s.httpAddress), startWire(c.T, s.grpcAddress)
	outside := &world{t: c.T, httpAddress: s.http.address(), grpcAddress: s.grpc.address()}
	for _, named := range doors {
		s.doors = append(s.doors, named.open(c.T, outside))
	}
	return s
}

// chance is true with the probability, the same way in every run of the cell as
// far as its timing is the same.
func (c *cell) chance(probability float64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.Float64() < probability
}

func (c *cell) pick(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.IntN(n)
}

// upTo is a random time.
func (c *cell) upTo(most time.Duration) time.Duration { return time.Duration(c.pick(int(most))) + 1 }

// fronts have every connection of clients decided about, and backs every one to
// Redis. Nil heals them.
func (c *cell) fronts(decide func(burst) fate) {
	for _, s := range c.servers {
		s.http.set(decide)
		s.grpc.set(decide)
	}
}

func (c *cell) backs(decide func(burst) fate) {
	for _, s := range c.servers {
		s.redis.set(decide)
	}
}

// strikes counts what befell the connections.
func (c *cell) strikes() (n int) {
	for _, s := range c.servers {
		n += s.http.strikes() + s.grpc.strikes() + s.redis.strikes()
	}
	return n
}

// charges reads the journal: all effects of all processes, by key.
func (c *cell) charges() map[string][]charged {
	c.Helper()
	text, err := os.ReadFile(c.journal)
	if err != nil && !os.IsNotExist(err) {
		c.Fatal(err)
	}
	found := map[string][]charged{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var line charged
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			c.Fatalf("journal: %v in %q", err, lines.Text())
		}
		found[line.Key] = append(found[line.Key], line)
	}
	return found
}

// awaitCharges returns once all of the calls have had an effect, and are held
// open if they are of that kind.
func (c *cell) awaitCharges(stories []*story) {
	c.Helper()
	eventually(c, "charges", func() bool {
		charges := c.charges()
		for _, s := range stories {
			if len(charges[s.key()]) == 0 {
				return false
			}
		}
		return true
	})
}
