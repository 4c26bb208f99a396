//go:build unix

package main

import "time"

// storm has every call struck again and again, until the client knows what
// became of it.
func storm(start, heal func(*cell)) func(*cell, int) {
	return func(c *cell, calls int) {
		stories := c.newStories(calls, false)
		c.owed.Store(owedStrikes)
		start(c)
		c.insist(stories)
		heal(c)
	}
}

func healFronts(c *cell) { c.fronts(nil) }
func healBacks(c *cell)  { c.backs(nil) }

const (
	likely = 0.25
	// owedStrikes are certain: the first bursts of a round.
	owedStrikes = 4
)

// some lets a fate befall some of the bursts in one direction.
func (c *cell) some(up bool, drawn func() fate) func(burst) fate {
	return func(b burst) (f fate) {
		if b.up == up && (c.owed.Add(-1) >= 0 || c.chance(likely)) {
			f = drawn()
		}
		return f
	}
}

func lost() fate { return fate{lost: true} }

// afterwards delivers what was sent when its sender has given up: its
// connection broke at once, and it may have asked again meanwhile.
func (c *cell) afterwards() fate { return fate{hungUp: true, late: c.upTo(time.Second)} }

// dawdling delivers what was sent about when its sender gives up by itself.
func (c *cell) dawdling(bound time.Duration) func() fate {
	return func() fate { return fate{late: c.upTo(2 * bound)} }
}

// redisPartition holds back what one process sends on the connections that it
// has, for longer than a step may take, while new connections work: what is
// sent later, such as the release of a claim that timed out, arrives earlier.
func redisPartition(c *cell, calls int) {
	at := c.servers[0]
	c.insist(c.newStories(calls, false)) // so that there are connections
	began := time.Now()
	healed := began.Add(3 * stepBound)
	at.redis.set(func(b burst) fate {
		if left := time.Until(healed); b.up && b.opened.Before(began) && left > 0 {
			return fate{late: left}
		}
		return fate{}
	})
	stories := c.newStories(calls, false)
	// Some find a connection that is held back, and are refused in time.
	each(stories, func(i int, s *story) { c.ask(s, at, i%len(doors), patience) })()
	eventually(c, "the partition to heal", func() bool { return time.Now().After(healed) })
	at.redis.set(nil)
	c.insist(stories)
	for _, s := range stories {
		if s.final.is(unknown) && len(c.charges()[s.key()]) == 0 {
			c.Errorf("%s: its outcome is said to be unknown, though it never started", s.key())
		}
	}
}
