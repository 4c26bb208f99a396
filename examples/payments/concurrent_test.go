package main

import (
	"testing"

	"github.com/oncewire/idempotency/backend/backendtest"
)

const concurrentCalls = 64

// atOnce makes calls at the same time, distributed over the clients.
func atOnce(t *testing.T, number int, nth func(int) call, through []client) <-chan answer {
	t.Helper()
	answers := make(chan answer, number)
	now := make(chan struct{})
	for i := range number {
		go func() {
			<-now
			answers <- through[i%len(through)].create(t.Context(), nth(i))
		}()
	}
	close(now)
	return answers
}

// take receives so many answers.
func take(number int, answers <-chan answer) []answer {
	all := make([]answer, number)
	for i := range all {
		all[i] = <-answers
	}
	return all
}

// sameCallAtOnce makes the same call many times at once, over REST, Connect and
// gRPC to every server. The call that runs is held.
func sameCallAtOnce(t *testing.T, servers ...*testServer) <-chan answer {
	t.Helper()
	var mixed []client
	for _, s := range servers {
		mixed = append(mixed, dialREST(t, s), dialConnect()(t, s), dialGRPC(t, s))
	}
	return atOnce(t, concurrentCalls, func(int) call { return held("key-1") }, mixed)
}

// wantOnePayment checks that one call is held and gets its payment, and that all
// others are refused meanwhile.
func wantOnePayment(t *testing.T, answers <-chan answer, servers ...*testServer) {
	t.Helper()
	for _, a := range take(concurrentCalls-1, answers) {
		a.wantRefusal(t, inProgress)
	}
	for _, s := range servers {
		s.resumeHeld()
	}
	(<-answers).wantFirst(t)
}

// wantOneRun checks that all calls get the same payment when the held call has
// finished, and that all but one of the answers are marked as replays.
func wantOneRun(t *testing.T, all <-chan answer, servers ...*testServer) {
	t.Helper()
	for _, s := range servers {
		s.resumeHeld()
	}
	answers, runs := take(concurrentCalls, all), 0
	for _, a := range answers {
		if a.payment == nil || a.payment.GetId() != answers[0].payment.GetId() {
			t.Fatalf("got %+v, want %v", a, answers[0].payment)
		}
		if !a.replayed {
			runs++
		}
	}
	if runs > 1 {
		t.Errorf("%d answers are not marked as replays", runs)
	}
}

func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	wantOnePayment(t, sameCallAtOnce(t, s), s)
	s.wantEntries(1)
}

func TestConcurrentCallsWait(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config) { c.wait = testTimeout })
	waits := s.countSteps(backendtest.OpWait)
	answers := sameCallAtOnce(t, s)
	eventually(t, "all others to wait", func() bool { return waits.Load() == concurrentCalls-1 })
	wantOneRun(t, answers, s)
	s.wantEntries(1)
}
