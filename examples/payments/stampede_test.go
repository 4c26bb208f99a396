package main

import "testing"

const stampedeSize = 64

// atOnce makes calls at the same time, spread over the doors, and returns every
// answer.
func atOnce(t *testing.T, number int, nth func(int) call, through []door) []answer {
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
	all := make([]answer, number)
	for i := range all {
		all[i] = <-answers
	}
	return all
}

// stampede makes the same call many times at once, over REST, Connect and gRPC
// of every world.
func stampede(t *testing.T, same call, worlds ...*world) []answer {
	t.Helper()
	var mixed []door
	for _, w := range worlds {
		mixed = append(mixed, openREST(t, w), openConnect()(t, w), openGRPC(t, w))
	}
	return atOnce(t, stampedeSize, func(int) call { return same }, mixed)
}

// wantOnePayment checks that all who were answered got the same payment, and
// that all others were refused. It returns how many got it.
func wantOnePayment(t *testing.T, answers []answer) (paid int) {
	t.Helper()
	id := ""
	for _, a := range answers {
		switch {
		case a.payment == nil:
			a.wantRefusal(t, inProgress)
		case paid == 0 || a.payment.GetId() == id:
			id, paid = a.payment.GetId(), paid+1
		default:
			t.Errorf("payments %q and %q", a.payment.GetId(), id)
		}
	}
	if paid == 0 {
		t.Error("nobody got the payment")
	}
	return paid
}

// wantOneRun checks that all were answered with the same payment, and that all
// but the one who ran it know that theirs is a replay.
func wantOneRun(t *testing.T, answers []answer) {
	t.Helper()
	runs := 0
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
	wantOnePayment(t, stampede(t, slow("key-1"), w))
	w.wantEntries(1)
}

func TestStampedeWaits(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *config) { c.wait = patience })
	wantOneRun(t, stampede(t, slow("key-1"), w))
	w.wantEntries(1)
}
