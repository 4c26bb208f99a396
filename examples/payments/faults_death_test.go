//go:build unix

package main

import (
	"slices"
	"syscall"
	"time"
)

// killServer ends a process while its handlers run, and starts another in its
// place once the survivor has dealt with their calls.
func killServer(c *cell, calls int) {
	victim, survivor := c.servers[0], c.servers[1]
	defer survivor.keepSettling()()
	stories := c.newStories(calls, true)
	wait := c.askInBackground(victim, stories)
	c.awaitCharges(stories)
	c.died = time.Now()
	victim.kill()
	wait()
	c.insist(stories)
	c.servers = [2]*wired{survivor, c.startServer()}
}

// stopServer stops a process while its handlers run, until others have taken
// over, and lets it go on then: it does not know that its leases are over.
func stopServer(c *cell, calls int) {
	stopped, other := c.servers[0], c.servers[1]
	defer other.keepSettling()()
	stories := c.newStories(calls, true)
	wait := c.askInBackground(stopped, stories)
	c.awaitCharges(stories)
	c.died = time.Now()
	stopped.signal(c, syscall.SIGSTOP)
	c.insist(stories)
	stopped.signal(c, syscall.SIGCONT)
	stopped.settle()
	wait()
}

func (p *process) signal(c *cell, signal syscall.Signal) {
	c.Helper()
	if err := p.Process.Signal(signal); err != nil {
		c.Fatal(err)
	}
}

// restartRedis leaves it open whether the leases of calls that run are over by
// then.
func restartRedis(c *cell, calls int) { _ = restarted(c, calls) }

// restartRedisInTime does so within the lease of the calls that run. Each of
// them keeps its claim, and its answer is recorded when Redis is back.
func restartRedisInTime(c *cell, calls int) {
	stories := restarted(c, calls)
	charges := c.charges()
	for _, s := range stories {
		if len(charges[s.key()]) != 1 || s.final.payment == nil {
			c.Errorf("%s: %d charges and answer %+v, though no lease was over", s.key(), len(charges[s.key()]), s.final)
		}
	}
}

// restarted kills Redis while half of the calls run and the others come in, and
// starts it again with what it had acknowledged.
func restarted(c *cell, calls int) []*story {
	running, coming := c.newStories((calls+1)/2, true), c.newStories(calls/2, false)
	wait := c.askInBackground(c.servers[0], running)
	c.awaitCharges(running)
	c.died = time.Now()
	c.redis.Kill()
	for _, s := range c.servers {
		defer s.keepSettling()()
	}
	for i, s := range coming {
		c.ask(s, c.servers[i%2], i%len(doors), attemptTime) // nothing can be promised now
	}
	if err := c.redis.Restart(); err != nil {
		c.Fatal(err)
	}
	wait()
	stories := slices.Concat(coming, running)
	c.insist(stories)
	return stories
}

// everything breaks connections on all sides while a process dies.
func everything(c *cell, calls int) {
	c.fronts(func(burst) fate { return c.anything(attemptTime, 0.1) })
	c.backs(func(burst) fate { return c.anything(stepBound, 0.05) })
	victim, survivor := c.servers[0], c.servers[1]
	before, stories := len(c.charges()), c.newStories(calls, false)
	insisted := make(chan struct{})
	go func() {
		defer close(insisted)
		c.insist(stories)
	}()
	eventually(c, "a charge", func() bool { return len(c.charges()) > before })
	victim.kill()
	<-insisted
	c.fronts(nil)
	c.backs(nil)
	c.servers = [2]*wired{survivor, c.startServer()}
}

func (c *cell) anything(bound time.Duration, probability float64) fate {
	if !c.chance(probability) {
		return fate{}
	}
	return []func() fate{lost, c.afterwards, c.dawdling(bound)}[c.pick(3)]()
}
