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

// history is a call and all answers to it.
type history struct {
	call   call
	final  answer        // after which the client knows the outcome
	waited time.Duration // for the final answer, since the latest death; 0 without one
	later  []received    // when no fault was left

	mu      sync.Mutex
	answers []received
}

// received is an answer and the operation that it came from. REST has an operation
// of its own, and so a record of its own, outside the record that all other protocols
// share.
type received struct {
	answer

	operation string
}

func operationOf(protocol int) string {
	if protocols[protocol].name == "REST" {
		return "POST /v1/payments"
	}
	return paymentsv1.PaymentService_CreatePayment_FullMethodName
}

func (h *history) key() string { return h.call.keys[0] }

func (h *history) add(a answer, protocol int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers = append(h.answers, received{a, operationOf(protocol)})
}

// newHistories makes the calls of a round, each with a key and a customer of its own.
// Their handlers are held, or run long enough that some are disturbed meanwhile.
func (c *cell) newHistories(n int, hold bool) []*history {
	histories := make([]*history, n)
	for i := range histories {
		name := fmt.Sprint("call-", len(c.histories)+i)
		how := &paymentsv1.Simulate{Hold: hold}
		if !hold {
			how.Delay = durationpb.New(50 * time.Millisecond)
		}
		histories[i] = &history{call: charge(name).of(name).simulated(how)}
	}
	c.histories = append(c.histories, histories...)
	return histories
}

const (
	// attemptTime is how long the client waits for an answer before it retries, over
	// another protocol or to another process.
	attemptTime = time.Second
	retryPause  = 50 * time.Millisecond
	// margin is how long a key may stay blocked after the lease of a dead process,
	// since test machines can be slow.
	margin = testTimeout
)

// sendUntilKnown sends the calls to any process over any protocol, until the client
// knows the outcome of each.
func (c *cell) sendUntilKnown(histories []*history) {
	each(histories, func(_ int, h *history) { c.sendOneUntilKnown(h) })()
}

func (c *cell) sendOneUntilKnown(h *history) {
	for began := time.Now(); time.Since(began) < c.fault.lease+margin; time.Sleep(retryPause) {
		if c.send(h, c.servers[c.pick(len(c.servers))], c.pick(len(protocols)), attemptTime) {
			return
		}
	}
	c.Errorf("%s: blocked for more than %v, last answer %+v", h.key(), c.fault.lease+margin, h.answers[len(h.answers)-1].answer)
}

// send sends the call once and reports whether the client now knows its outcome.
func (c *cell) send(h *history, to *proxied, protocol int, timeout time.Duration) bool {
	ctx, cancel := context.WithTimeout(c.Context(), timeout)
	defer cancel()
	a := to.clients[protocol].create(ctx, h.call)
	h.add(a, protocol)
	switch {
	case a.payment != nil, a.is(unknown):
		h.final, h.waited = a, c.sinceDeath()
		return true
	case !a.retryable():
		c.Errorf("%s over %s: wrong answer: %+v", h.key(), protocols[protocol].name, a)
	}
	return false
}

// retryable reports whether a client retries with the same key: if no answer arrived,
// after the error of its own library for a broken connection, after a refusal that can
// be retried, and after the error of a call that was cancelled with its client.
func (a answer) retryable() bool {
	if a.failure != nil || a.is(inProgress) || a.is(storeIsDown) || a.is(rolledBack) || a.is(commitUnknown) {
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
		return a.entries == "" && len(a.details) == 0 // from grpc-go or connect-go, for a broken stream
	default:
		return false
	}
}

// sendInBackground sends each call to one process, again while it is refused because
// Redis is slow. It returns a function that waits for the answers.
func (c *cell) sendInBackground(to *proxied, histories []*history) (wait func()) {
	return each(histories, func(i int, h *history) {
		protocol := i % len(protocols)
		for began := time.Now(); time.Since(began) < testTimeout; time.Sleep(retryPause) {
			a := to.clients[protocol].create(c.Context(), h.call)
			if h.add(a, protocol); !a.is(storeIsDown) && !a.is(inProgress) {
				return
			}
		}
	})
}

// each runs a function for all calls at once, and returns a function that waits.
func each(histories []*history, do func(i int, h *history)) (wait func()) {
	var running sync.WaitGroup
	for i, h := range histories {
		running.Go(func() { do(i, h) })
	}
	return running.Wait
}
