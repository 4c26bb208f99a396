//go:build unix

package main

import (
	"time"

	"github.com/oncewire/idempotency/internal/proxytest"
)

// disturbing returns a round that disturbs connections until the client knows the
// outcome of every call.
func disturbing(start, heal func(*cell)) func(*cell, int) {
	return func(c *cell, calls int) {
		histories := c.newHistories(calls, false)
		c.certain.Store(certainDisturbances)
		start(c)
		c.sendUntilKnown(histories)
		heal(c)
	}
}

func healClients(c *cell) { c.disturbClients(nil) }
func healRedis(c *cell)   { c.disturbRedis(nil) }

const (
	// probability of a disturbance of a chunk.
	probability = 0.25
	// certainDisturbances is how many chunks of a round are certainly disturbed: the
	// first ones.
	certainDisturbances = 4
)

// some disturbs some of the chunks in one direction.
func (c *cell) some(up bool, draw func() proxytest.Disturbance) func(proxytest.Chunk) proxytest.Disturbance {
	return func(sent proxytest.Chunk) (d proxytest.Disturbance) {
		if sent.Up == up && (c.certain.Add(-1) >= 0 || c.chance(probability)) {
			d = draw()
		}
		return d
	}
}

func lose() proxytest.Disturbance { return proxytest.Disturbance{Lost: true} }

// delayAfterHangUp breaks the connection of the sender, which may retry, and delivers
// the chunk later.
func (c *cell) delayAfterHangUp() proxytest.Disturbance {
	return proxytest.Disturbance{HangUp: true, Delay: c.randomUpTo(time.Second)}
}

// delayAround delivers the chunk at about the time when the sender's timeout ends.
func (c *cell) delayAround(timeout time.Duration) func() proxytest.Disturbance {
	return func() proxytest.Disturbance { return proxytest.Disturbance{Delay: c.randomUpTo(2 * timeout)} }
}

// redisPartition delays what one process sends on its present connections, for longer
// than the timeout of a step. New connections work. So what is sent later, such as the
// release of a claim that timed out, arrives earlier.
func redisPartition(c *cell, calls int) {
	at := c.servers[0]
	c.sendUntilKnown(c.newHistories(calls, false)) // so that there are connections
	began := time.Now()
	healed := began.Add(3 * stepTimeout)
	at.store.Disturb(func(sent proxytest.Chunk) proxytest.Disturbance {
		if left := time.Until(healed); sent.Up && sent.Opened.Before(began) && left > 0 {
			return proxytest.Disturbance{Delay: left}
		}
		return proxytest.Disturbance{}
	})
	histories := c.newHistories(calls, false)
	// Some calls get a delayed connection, and are refused when their step times out.
	each(histories, func(i int, h *history) { c.send(h, at, i%len(protocols), testTimeout) })()
	eventually(c, "the partition to heal", func() bool { return time.Now().After(healed) })
	at.store.Disturb(nil)
	c.sendUntilKnown(histories)
	for _, h := range histories {
		if h.final.is(unknown) && len(c.charges()[h.key()]) == 0 {
			c.Errorf("%s: got outcome unknown, though its handler never started", h.key())
		}
	}
}
