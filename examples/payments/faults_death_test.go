//go:build unix

package main

import (
	"slices"
	"syscall"
	"time"

	"github.com/oncewire/idempotency/internal/proxytest"
)

// killServer kills a process while its handlers run. When the other process has
// answered their calls, it starts a new process.
func killServer(c *cell, calls int) {
	victim, survivor := c.servers[0], c.servers[1]
	defer survivor.keepResuming()()
	histories := c.newHistories(calls, true)
	wait := c.sendInBackground(victim, histories)
	c.awaitCharges(histories)
	c.dies()
	victim.kill()
	wait()
	c.sendUntilKnown(histories)
	c.servers = [2]*proxied{survivor, c.startServer()}
}

// stopServer stops a process while its handlers run, until the other process has
// taken their calls over, and then lets it continue: it does not know that its leases
// have expired.
func stopServer(c *cell, calls int) {
	stopped, other := c.servers[0], c.servers[1]
	defer other.keepResuming()()
	histories := c.newHistories(calls, true)
	wait := c.sendInBackground(stopped, histories)
	c.awaitCharges(histories)
	c.dies()
	stopped.signal(c, syscall.SIGSTOP)
	c.sendUntilKnown(histories)
	stopped.signal(c, syscall.SIGCONT)
	stopped.resumeHeld()
	wait()
}

func (p *process) signal(c *cell, signal syscall.Signal) {
	c.Helper()
	if err := p.Process.Signal(signal); err != nil {
		c.Fatal(err)
	}
}

// restartRedis restarts Redis. The leases of running calls may expire meanwhile.
func restartRedis(c *cell, calls int) { _ = restartedRedis(c, calls) }

// restartRedisWithinLease restarts Redis within the lease of running calls. They keep
// their claims, and their answers are recorded afterwards.
func restartRedisWithinLease(c *cell, calls int) {
	histories := restartedRedis(c, calls)
	charges := c.charges()
	for _, h := range histories {
		if len(charges[h.key()]) != 1 || h.final.payment == nil {
			c.Errorf("%s: %d charges and answer %+v, though no lease expired", h.key(), len(charges[h.key()]), h.final)
		}
	}
}

// restartedRedis kills Redis while half of the calls run, sends the others, and
// restarts Redis with the data that it had acknowledged.
func restartedRedis(c *cell, calls int) []*history {
	running, later := c.newHistories((calls+1)/2, true), c.newHistories(calls/2, false)
	wait := c.sendInBackground(c.servers[0], running)
	c.awaitCharges(running)
	c.dies()
	c.redis.Kill()
	for _, s := range c.servers {
		defer s.keepResuming()()
	}
	for i, h := range later {
		c.send(h, c.servers[i%2], i%len(protocols), attemptTime) // whatever it is answered
	}
	if err := c.redis.Restart(); err != nil {
		c.Fatal(err)
	}
	wait()
	histories := slices.Concat(later, running)
	c.sendUntilKnown(histories)
	return histories
}

// everything disturbs all connections while a process is killed.
func everything(c *cell, calls int) {
	c.disturbClients(func(proxytest.Chunk) proxytest.Disturbance { return c.anyDisturbance(attemptTime, 0.1) })
	c.disturbRedis(func(proxytest.Chunk) proxytest.Disturbance { return c.anyDisturbance(stepTimeout, 0.05) })
	victim, survivor := c.servers[0], c.servers[1]
	before, histories := len(c.charges()), c.newHistories(calls, false)
	known := make(chan struct{})
	go func() {
		defer close(known)
		c.sendUntilKnown(histories)
	}()
	eventually(c, "a charge", func() bool { return len(c.charges()) > before })
	victim.kill()
	<-known
	healClients(c)
	healRedis(c)
	c.servers = [2]*proxied{survivor, c.startServer()}
}

func (c *cell) anyDisturbance(timeout time.Duration, probability float64) proxytest.Disturbance {
	if !c.chance(probability) {
		return proxytest.Disturbance{}
	}
	return []func() proxytest.Disturbance{lose, c.delayAfterHangUp, c.delayAround(timeout)}[c.pick(3)]()
}
