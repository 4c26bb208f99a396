//go:build unix

package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
)

// tally is what a cell came to.
type tally struct {
	calls, strikes int
	charges        int
	// named are second starts that section 6 of the design names: the handler
	// was told of the earlier one. beyond are all others.
	named, beyond int
	// stale are answers of an owner whose claim was taken over meanwhile: they
	// are true, and not what replays say. apart of them were recorded in front,
	// under the operation of REST, by an owner that was stale only behind it.
	stale, apart int
	// unknown are calls whose client was told that nobody knows; unstarted of
	// them had no effect.
	unknown, unstarted int
	wrong              int
	blocked            time.Duration // longest wait for the last word after a death
}

// judge compares what the client heard with the journal, and asks for every
// key again, at both processes, now that nothing fails any more.
func (c *cell) judge() (total tally) {
	c.Helper()
	for _, s := range c.servers {
		defer s.keepSettling()()
	}
	c.askAgain()
	charges := c.charges()
	total.calls, total.strikes = len(c.stories), c.strikes()
	for _, s := range c.stories {
		c.judgeStarts(&total, s, charges[s.key()])
		c.judgeAnswers(&total, s, charges[s.key()])
		if !c.died.IsZero() {
			total.blocked = max(total.blocked, s.waited)
		}
	}
	for key := range charges {
		if !slices.ContainsFunc(c.stories, func(s *story) bool { return s.key() == key }) {
			c.Errorf("a charge under a key that no client sent: %q", key)
		}
	}
	if total.beyond > 0 || total.wrong > 0 {
		c.Errorf("%d starts beyond those that are named, %d wrong answers: %+v", total.beyond, total.wrong, total)
	}
	return total
}

// judgeStarts counts the starts of one call. A handler that starts again has to
// be told, and may not start again at all under Reject.
func (c *cell) judgeStarts(total *tally, s *story, charges []charged) {
	total.charges += len(charges)
	untold, attempts := 0, map[int]bool{}
	for _, charge := range charges {
		if !charge.Recovered {
			untold++
		}
		if attempts[charge.Attempt] {
			c.Errorf("%s: attempt %d started twice", s.key(), charge.Attempt)
			total.beyond++
		}
		attempts[charge.Attempt] = true
	}
	again := max(len(charges)-1, 0)
	switch {
	case c.mode.rejects, untold > 1:
		total.beyond += again
		if again > 0 {
			c.Errorf("%s: started %d times: %+v", s.key(), len(charges), charges)
		}
	default:
		total.named += again
	}
}

// judgeAnswers checks that every replay of an operation, at every door of every
// process, now and before, is one and the same answer, and that every answer is
// of a charge of its key.
func (c *cell) judgeAnswers(total *tally, s *story, charges []charged) {
	if s.final.is(unknown) {
		total.unknown++
		if len(charges) == 0 {
			total.unstarted++
		}
	}
	replayed := map[string]string{}
	for _, a := range append(slices.Clip(s.answers), s.later...) {
		if a.payment == nil {
			continue
		}
		if !slices.ContainsFunc(charges, func(charge charged) bool { return charge.Payment == a.payment.GetId() }) {
			c.wrongf(total, "%s: payment %s was never charged", s.key(), a.payment.GetId())
		}
		if !a.replayed {
			continue
		}
		if first, recorded := replayed[a.operation]; recorded && a.text() != first {
			c.wrongf(total, "%s: replays of %s differ:\n%s\n%s", s.key(), a.operation, first, a.text())
		}
		replayed[a.operation] = a.text()
	}
	c.judgeFirst(total, s, replayed, len(charges))
}

// judgeFirst checks that what differs from the replays comes of a handler that
// was started again: an answer of the stale owner, to its own client or to the
// record of its own operation.
func (c *cell) judgeFirst(total *tally, s *story, replayed map[string]string, starts int) {
	stale := 0
	for _, a := range s.answers {
		if first, recorded := replayed[a.operation]; recorded && a.payment != nil && !a.replayed && a.text() != first {
			stale++
		}
	}
	if len(replayed) > 1 && replayed[operationOf(0)] != replayed[operationOf(1)] {
		total.apart++
		stale++
	}
	if stale > 0 && starts < 2 {
		c.wrongf(total, "%s: the answer of the only start is not what is replayed", s.key())
	}
	total.stale += stale
}

func (c *cell) wrongf(total *tally, format string, arguments ...any) {
	c.Helper()
	total.wrong++
	c.Errorf(format, arguments...)
}

// askAgain asks for every key at every door of both processes.
func (c *cell) askAgain() {
	c.Helper()
	var asking sync.WaitGroup
	room := make(chan struct{}, 8)
	for _, s := range c.stories {
		room <- struct{}{}
		asking.Go(func() {
			s.later = c.askEverywhere(s)
			<-room
		})
	}
	asking.Wait()
}

// askEverywhere checks that a door that has replayed an answer goes on doing so.
func (c *cell) askEverywhere(s *story) (answers []heard) {
	for through, named := range doors {
		recorded := false
		for _, at := range c.servers {
			again := &story{call: s.call}
			for began := time.Now(); !c.ask(again, at, through, attemptTime); time.Sleep(retryPause) {
				if time.Since(began) > c.fault.lease+margin {
					c.Errorf("%s at %s: blocked: %+v", s.key(), named.name, again.answers[len(again.answers)-1])
					return answers
				}
			}
			if recorded && again.final.payment == nil {
				c.Errorf("%s at %s: an answer was replayed and then forgotten", s.key(), named.name)
			}
			recorded = again.final.payment != nil
			answers = append(answers, again.answers...)
		}
	}
	return answers
}

// text is all of an answer that a replay repeats, the same at every door.
func (a answer) text() string {
	return fmt.Sprint(protojson.Format(a.payment), a.paymentID, a.attempt, a.entries)
}
