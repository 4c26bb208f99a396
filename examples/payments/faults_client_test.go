//go:build unix

package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// story is all that a client heard about one key.
type story struct {
	call   call
	final  answer        // which said what became of the call
	waited time.Duration // for it, since a process died
	later  []heard       // when all was well again

	mu      sync.Mutex
	answers []heard
}

// heard is an answer and where it came from. REST has an operation of its own,
// and so a record of its own, in front of the one that all other doors share.
type heard struct {
	answer

	operation string
}

func operationOf(through int) string {
	if doors[through].name == "REST" {
		return "POST /v1/payments"
	}
	return paymentsv1.PaymentService_CreatePayment_FullMethodName
}

func (s *story) key() string { return s.call.keys[0] }

func (s *story) hear(a answer, through int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, heard{a, operationOf(through)})
}

// newStories are calls of a round, each with a key and a customer of its own.
// Their handlers stay open until another call settles them, or else take just so
// long that some are struck while they run.
func (c *cell) newStories(n int, hold bool) []*story {
	stories := make([]*story, n)
	for i := range stories {
		name := fmt.Sprint("call-", len(c.stories)+i)
		how := &paymentsv1.Simulate{Hold: hold}
		if !hold {
			how.Delay = durationpb.New(50 * time.Millisecond)
		}
		stories[i] = &story{call: charge(name).of(name).simulated(how)}
	}
	c.stories = append(c.stories, stories...)
	return stories
}

const (
	// attemptTime is how long the client waits for an answer before it asks
	// again, at another door or another process.
	attemptTime = time.Second
	retryPause  = 50 * time.Millisecond
	// margin is what a busy machine may take on top of a lease until a key that
	// a dead process has left is free.
	margin = patience
)

// insist has the client ask, anywhere, until it knows what became of each call.
func (c *cell) insist(stories []*story) {
	each(stories, func(_ int, s *story) { c.insistOn(s) })()
}

func (c *cell) insistOn(s *story) {
	for began := time.Now(); time.Since(began) < c.fault.lease+margin; time.Sleep(retryPause) {
		if c.ask(s, c.servers[c.pick(len(c.servers))], c.pick(len(doors)), attemptTime) {
			return
		}
	}
	c.Errorf("%s: blocked for more than %v, at last by %+v", s.key(), c.fault.lease+margin, s.answers[len(s.answers)-1].answer)
}

// ask makes one attempt and reports whether its answer is the last word.
func (c *cell) ask(s *story, at *wired, through int, within time.Duration) bool {
	ctx, giveUp := context.WithTimeout(c.Context(), within)
	defer giveUp()
	a := at.doors[through].create(ctx, s.call)
	s.hear(a, through)
	switch {
	case a.payment != nil, a.is(unknown):
		s.final, s.waited = a, time.Since(c.died)
		return true
	case !a.retryable():
		c.Errorf("%s at %s: a wrong answer: %+v", s.key(), doors[through].name, a)
	}
	return false
}

// retryable tells the answers after which a client asks again with the same
// key: none at all, what its own library says of a broken connection, refusals
// that say so, and errors of a call that was cancelled with its client.
func (a answer) retryable() bool {
	if a.failure != nil || a.is(inProgress) || a.is(storeIsDown) {
		return true
	}
	switch a.http {
	case 0:
	case 499, http.StatusRequestTimeout, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
	switch a.code {
	case codes.Canceled, codes.DeadlineExceeded, codes.Unavailable:
		return true
	case codes.Internal, codes.Unknown:
		return a.entries == "" && len(a.details) == 0 // grpc-go's and connect-go's own, of a broken stream
	default:
		return false
	}
}

// askInBackground makes a first attempt for each call, at one process, and more
// where Redis was too slow for it. It returns what waits for their answers.
func (c *cell) askInBackground(at *wired, stories []*story) (wait func()) {
	return each(stories, func(i int, s *story) {
		through := i % len(doors)
		for began := time.Now(); time.Since(began) < patience; time.Sleep(retryPause) {
			a := at.doors[through].create(c.Context(), s.call)
			if s.hear(a, through); !a.is(storeIsDown) && !a.is(inProgress) {
				return
			}
		}
	})
}

// each does it for all calls at once, and returns what waits for the end.
func each(stories []*story, do func(i int, s *story)) (wait func()) {
	var doing sync.WaitGroup
	for i, s := range stories {
		doing.Go(func() { do(i, s) })
	}
	return doing.Wait
}
