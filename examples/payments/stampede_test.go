package main

import "testing"

const stampedeSize = 64

// stampede sends one call many times at once, spread over REST, Connect and
// gRPC, and returns every answer.
func stampede(t *testing.T, w *world, call call) []answer {
	t.Helper()
	mixed := []door{openREST(t, w), openConnect()(t, w), openGRPC(t, w)}
	answers := make(chan answer, stampedeSize)
	now := make(chan struct{})
	for i := range stampedeSize {
		go func() {
			<-now
			answers <- mixed[i%len(mixed)].create(t.Context(), call)
		}()
	}
	close(now)
	all := make([]answer, stampedeSize)
	for i := range all {
		all[i] = <-answers
	}
	return all
}

func TestStampede(t *testing.T) {
	w := start(t, nil)
	id, paid := "", 0
	for _, a := range stampede(t, w, slow("key-1")) {
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
	w.wantEntries(1)
}

func TestStampedeWaits(t *testing.T) {
	w := start(t, func(c *config) { c.wait = patience })
	answers := stampede(t, w, slow("key-1"))
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
	w.wantEntries(1)
}
