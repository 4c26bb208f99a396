//go:build unix

package main

import (
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/oncewire/idempotency/internal/proxytest"
)

// sendAll sends the calls of a round until the client knows their outcomes, to both
// processes in turn.
func (c *oneCommitCell) sendAll(histories []*history) {
	each(histories, func(i int, h *history) {
		for began, to := time.Now(), i; time.Since(began) < margin; to++ {
			if c.send(h, c.servers[to%len(c.servers)], c.pick(len(protocols)), attemptTime) {
				return
			}
			time.Sleep(retryPause)
		}
		c.Errorf("%s: blocked for more than %v, last answer %+v", h.key(), margin, h.answers[len(h.answers)-1].answer)
	})()
}

// disturb sets what happens at a boundary between a process and PostgreSQL.
func (c *oneCommitCell) disturb(s *proxied, b boundary, decide func() proxytest.Disturbance) {
	s.store.Disturb(func(sent proxytest.Chunk) (d proxytest.Disturbance) {
		if b.is(sent) {
			d = decide()
		}
		return d
	})
}

// disturbingAt returns a round that disturbs connections at a boundary.
func disturbingAt(b boundary, draw func(*cell) proxytest.Disturbance) func(*oneCommitCell, int) {
	return func(c *oneCommitCell, calls int) {
		c.certain.Store(certainDisturbances)
		for _, s := range c.servers {
			c.disturb(s, b, func() (d proxytest.Disturbance) {
				if c.certain.Add(-1) >= 0 || c.chance(probability) {
					d = draw(c.cell)
					c.faults.Add(1)
				}
				return d
			})
		}
		c.sendAll(c.newHistories(calls, false))
		healRedis(c.cell)
	}
}

// terminatingAt returns a round in which all connections to PostgreSQL are terminated
// when the first two calls are at a boundary.
func terminatingAt(b boundary) func(*oneCommitCell, int) {
	return func(c *oneCommitCell, calls int) {
		c.certain.Store(2)
		for _, s := range c.servers {
			c.disturb(s, b, func() proxytest.Disturbance {
				if c.certain.Add(-1) >= 0 {
					c.terminate()
					c.faults.Add(1)
				}
				return proxytest.Disturbance{}
			})
		}
		c.sendAll(c.newHistories(calls, false))
		healRedis(c.cell)
	}
}

// once returns a function that runs do at its first call, for one process.
func (c *oneCommitCell) once(s *proxied, b boundary, do func() proxytest.Disturbance) {
	var done atomic.Bool
	c.disturb(s, b, func() (d proxytest.Disturbance) {
		if done.CompareAndSwap(false, true) {
			c.faults.Add(1)
			d = do()
		}
		return d
	})
}

// killingAt returns a round in which a process is killed when its first call is at a
// boundary. What it has sent by then is delivered or lost.
func killingAt(b boundary, then proxytest.Disturbance) func(*oneCommitCell, int) {
	return func(c *oneCommitCell, calls int) {
		victim := c.servers[0]
		c.once(victim, b, func() proxytest.Disturbance {
			c.dies()
			_ = victim.Process.Kill()
			return then
		})
		c.sendAll(c.newHistories(calls, false))
		c.replace(victim)
	}
}

// replace ends a process and starts another one in its place.
func (c *oneCommitCell) replace(victim *proxied) {
	victim.kill()
	c.servers = [2]*proxied{c.servers[1], c.startServer()}
}

// vanishingAt is as killingAt, but PostgreSQL does not learn that the connection is
// dead, as if the network or the machine were gone.
func vanishingAt(b boundary) func(*oneCommitCell, int) {
	return func(c *oneCommitCell, calls int) {
		victim, known := c.servers[0], make(chan struct{})
		c.once(victim, b, func() proxytest.Disturbance {
			c.dies()
			_ = victim.Process.Kill()
			<-known // until then not even the end of the connection is read
			return lose()
		})
		c.sendAll(c.newHistories(calls, false))
		close(known)
		c.replace(victim)
	}
}

// stoppingAt returns a round in which a process is stopped when its first call is at a
// boundary, and goes on when the other one has answered all calls: it does not know
// that PostgreSQL has ended its transactions.
func stoppingAt(b boundary) func(*oneCommitCell, int) {
	return func(c *oneCommitCell, calls int) {
		victim := c.servers[0]
		known := make(chan struct{})
		c.once(victim, b, func() proxytest.Disturbance {
			c.dies()
			victim.signal(c.cell, syscall.SIGSTOP)
			<-known // the statement arrives when it is too late
			return proxytest.Disturbance{}
		})
		histories := c.newHistories(calls, false)
		c.sendAll(histories)
		close(known)
		victim.signal(c.cell, syscall.SIGCONT)
		victim.store.Disturb(nil)
	}
}

// restartingAt returns a round in which PostgreSQL is killed when the first call is at
// a boundary, and started again. What the call has sent is lost with it, or arrives a
// moment before.
func restartingAt(b boundary) func(*oneCommitCell, int) {
	return func(c *oneCommitCell, calls int) {
		killed := make(chan struct{})
		var first sync.Once
		kill := func() {
			c.dies()
			c.server.Kill()
			c.faults.Add(1)
			close(killed)
		}
		for _, s := range c.servers {
			c.disturb(s, b, func() proxytest.Disturbance {
				first.Do(func() {
					if c.chance(0.5) {
						kill()
					} else {
						go kill()
					}
				})
				return proxytest.Disturbance{}
			})
		}
		histories := c.newHistories(calls, false)
		wait := each([]*history{nil}, func(int, *history) { c.sendAll(histories) })
		<-killed
		if err := c.server.Restart(); err != nil {
			c.Error(err)
		}
		wait()
		healRedis(c.cell)
	}
}

// losingAnswers loses the answers to clients.
func losingAnswers(c *oneCommitCell, calls int) {
	c.certain.Store(certainDisturbances)
	c.disturbClients(c.some(false, lose))
	c.sendAll(c.newHistories(calls, false))
	healClients(c.cell)
	c.faults.Store(int32(c.disturbances()))
}

// everythingAtOnce disturbs all connections, and kills a process.
func everythingAtOnce(c *oneCommitCell, calls int) {
	c.disturbClients(func(proxytest.Chunk) proxytest.Disturbance { return c.anyDisturbance(attemptTime, 0.1) })
	c.disturbRedis(func(proxytest.Chunk) proxytest.Disturbance { return c.anyDisturbance(stepTimeout, 0.03) })
	victim, begun := c.servers[0], len(c.charges())
	histories := c.newHistories(calls, false)
	known := make(chan struct{})
	go func() {
		defer close(known)
		c.sendAll(histories)
	}()
	eventually(c, "a charge", func() bool { return len(c.charges()) > begun })
	c.terminate()
	c.dies()
	victim.kill()
	<-known
	healClients(c.cell)
	healRedis(c.cell)
	c.faults.Store(int32(c.disturbances()))
	c.replace(victim)
}
