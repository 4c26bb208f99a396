package main

import (
	"testing"

	"github.com/oncewire/idempotency/backend/backendtest"
)

const stampedeSize = 64

// atOnce makes calls at the same time, spread over the doors.
func atOnce(t *testing.T, number int, nth func(int) call, through []door) <-chan answer {
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

func take(number int, answers <-chan answer) []answer {
	all := make([]answer, number)
	for i := range all {
		all[i] = <-answers
	}
	return all
}

// stampede makes one call many times at once, over REST, Connect and gRPC of
// every world. Whichever of them runs is held open.
func stampede(t *testing.T, worlds ...*world) <-chan answer {
	t.Helper()
	var mixed []door
	for _, w := range worlds {
		mixed = append(mixed, openREST(t, w), openConnect()(t, w), openGRPC(t, w))
	}
	return atOnce(t, stampedeSize, func(int) call { return held("key-1") }, mixed)
}

// wantOnePayment checks that all calls but one are refused while that one is
// held open, and that it gets its payment.
func wantOnePayment(t *testing.T, answers <-chan answer, worlds ...*world) {
	t.Helper()
	for _, a := range take(stampedeSize-1, answers) {
		a.wantRefusal(t, inProgress)
	}
	for _, w := range worlds {
		w.settle()
	}
	(<-answers).wantFirst(t)
}

// wantOneRun checks that all are answered with the same payment once the call
// that runs may end, and that all but that one know that theirs is a replay.
func wantOneRun(t *testing.T, stampede <-chan answer, worlds ...*world) {
	t.Helper()
	for _, w := range worlds {
		w.settle()
	}
	answers, runs := take(stampedeSize, stampede), 0
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

func TestStampede(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	wantOnePayment(t, stampede(t, w), w)
	w.wantEntries(1)
}

func TestStampedeWaits(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *config) { c.wait = patience })
	waits := w.countSteps(backendtest.OpWait)
	answers := stampede(t, w)
	eventually(t, "all others to wait", func() bool { return waits.Load() == stampedeSize-1 })
	wantOneRun(t, answers, w)
	w.wantEntries(1)
}
