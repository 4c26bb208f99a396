//go:build unix

package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
)

// tally is the result of a cell.
type tally struct {
	calls, disturbances int
	charges             int
	// recovered are second starts that the promises allow: the handler could see in
	// Recovered that there was an earlier one. excess are all other second starts.
	recovered, excess int
	// stale are answers of a process whose claim was taken over meanwhile: they are
	// true, and differ from the replays. edge of them were recorded at the edge, under
	// the operation of REST, by a process that had lost only the inner claim.
	stale, edge int
	// unknown are calls whose client got outcome unknown. unstarted of them had no
	// effect.
	unknown, unstarted int
	wrong              int
	blocked            time.Duration // longest wait for the final answer after a death
}

// check retries every call over every protocol to both processes, now that no fault
// is left, and compares all answers with the journal.
func (c *cell) check() (total tally) {
	c.Helper()
	for _, s := range c.servers {
		defer s.keepResuming()()
	}
	c.retryAll()
	charges := c.charges()
	total.calls, total.disturbances = len(c.histories), c.disturbances()
	for _, h := range c.histories {
		c.checkStarts(&total, h, charges[h.key()])
		c.checkAnswers(&total, h, charges[h.key()])
		total.blocked = max(total.blocked, h.waited)
	}
	for key := range charges {
		if !slices.ContainsFunc(c.histories, func(h *history) bool { return h.key() == key }) {
			c.Errorf("a charge under a key that the client did not send: %q", key)
		}
	}
	if total.excess > 0 || total.wrong > 0 {
		c.Errorf("%d starts that the promises do not allow, %d wrong answers: %+v", total.excess, total.wrong, total)
	}
	return total
}

// checkStarts counts the starts of one call. A handler that starts again must see
// Recovered. Under Reject it must not start again at all.
func (c *cell) checkStarts(total *tally, h *history, charges []journalLine) {
	total.charges += len(charges)
	unrecovered, attempts := 0, map[int]bool{}
	for _, charge := range charges {
		if !charge.Recovered {
			unrecovered++
		}
		if attempts[charge.Attempt] {
			c.Errorf("%s: attempt %d started twice", h.key(), charge.Attempt)
			total.excess++
		}
		attempts[charge.Attempt] = true
	}
	again := max(len(charges)-1, 0)
	switch {
	case c.mode.rejects, unrecovered > 1:
		total.excess += again
		if again > 0 {
			c.Errorf("%s: started %d times: %+v", h.key(), len(charges), charges)
		}
	default:
		total.recovered += again
	}
}

// checkAnswers checks that all replays of an operation are the same answer, over every
// protocol and from every process, and that every answer belongs to a charge of its
// key.
func (c *cell) checkAnswers(total *tally, h *history, charges []journalLine) {
	if h.final.is(unknown) {
		total.unknown++
		if len(charges) == 0 {
			total.unstarted++
		}
	}
	replayed := map[string]string{}
	for _, a := range append(slices.Clip(h.answers), h.later...) {
		if a.payment == nil {
			continue
		}
		if !slices.ContainsFunc(charges, func(charge journalLine) bool { return charge.Payment == a.payment.GetId() }) {
			c.wrongf(total, "%s: payment %s was never charged", h.key(), a.payment.GetId())
		}
		if !a.replayed {
			continue
		}
		if first, recorded := replayed[a.operation]; recorded && a.content() != first {
			c.wrongf(total, "%s: replays of %s differ:\n%s\n%s", h.key(), a.operation, first, a.content())
		}
		replayed[a.operation] = a.content()
	}
	c.checkStale(total, h, replayed, len(charges))
}

// checkStale checks that an answer differs from the replays only if the handler was
// started again: then it is the answer of a process whose claim was taken over, to its
// own client or in the record of its own operation.
func (c *cell) checkStale(total *tally, h *history, replayed map[string]string, starts int) {
	stale := 0
	for _, a := range h.answers {
		if first, recorded := replayed[a.operation]; recorded && a.payment != nil && !a.replayed && a.content() != first {
			stale++
		}
	}
	if len(replayed) > 1 && replayed[operationOf(0)] != replayed[operationOf(1)] {
		total.edge++
		stale++
	}
	if stale > 0 && starts < 2 {
		c.wrongf(total, "%s: the answer of the only start differs from the replays", h.key())
	}
	total.stale += stale
}

func (c *cell) wrongf(total *tally, format string, arguments ...any) {
	c.Helper()
	total.wrong++
	c.Errorf(format, arguments...)
}

// retryAll retries every call over every protocol to both processes.
func (c *cell) retryAll() {
	c.Helper()
	var retrying sync.WaitGroup
	room := make(chan struct{}, 8)
	for _, h := range c.histories {
		room <- struct{}{}
		retrying.Go(func() {
			h.later = c.retryEverywhere(h)
			<-room
		})
	}
	retrying.Wait()
}

// retryEverywhere also checks that an answer that was replayed once is replayed by
// both processes.
func (c *cell) retryEverywhere(h *history) (answers []received) {
	for i, p := range protocols {
		recorded := false
		for _, to := range c.servers {
			again := &history{call: h.call}
			for began := time.Now(); !c.send(again, to, i, attemptTime); time.Sleep(retryPause) {
				if time.Since(began) > c.fault.lease+margin {
					c.Errorf("%s over %s: blocked: %+v", h.key(), p.name, again.answers[len(again.answers)-1])
					return answers
				}
			}
			if recorded && again.final.payment == nil {
				c.Errorf("%s over %s: an answer was replayed and then lost", h.key(), p.name)
			}
			recorded = again.final.payment != nil
			answers = append(answers, again.answers...)
		}
	}
	return answers
}

// content is what a replay repeats, in the same form for all protocols.
func (a answer) content() string {
	return fmt.Sprint(protojson.Format(a.payment), a.paymentID, a.attempt, a.entries)
}
