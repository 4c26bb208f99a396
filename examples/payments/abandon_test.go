package main

import (
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// A panic abandons the claim, and the retry takes it over. Not so over REST:
// there the answer of the recovered server is a 500, which is recorded at the
// edge like any other.
func TestPanic(t *testing.T) {
	eachDoor(t, nil, func(t scene) {
		call := charge("key-1").simulated(&paymentsv1.Simulate{Crash: true})
		first := t.create(call)
		first.wantError(t, codes.Internal, 500)
		if first.message != panicMessage || first.replayed {
			t.Errorf("first: %+v", first)
		}

		retry := t.create(call)
		if first.http != 0 {
			retry.wantReplayOf(t, first)
			t.wantEntries(1)
		} else {
			retry.wantError(t, codes.Internal, 500)
			t.wantEntries(2)
			t.wantTakeover()
		}
		t.create(charge("key-2")).wantFirst(t) // the process lives
	})
}

// Nobody knows what a call did that was cancelled or ran out of time.
func TestAbandonedErrorIsTakenOver(t *testing.T) {
	eachDoor(t, nil, func(t scene) {
		call := charge("key-1").simulated(&paymentsv1.Simulate{Code: int32(codes.DeadlineExceeded)})
		for range 2 {
			answer := t.create(call)
			answer.wantError(t, codes.DeadlineExceeded, 504)
			if answer.replayed {
				t.Error("an abandoned error was replayed")
			}
		}
		t.wantEntries(2)
		t.wantTakeover()
	})
}

// wantTakeover checks that the service ran a call as attempt 2.
func (w *world) wantTakeover() {
	w.t.Helper()
	for _, event := range w.events.of(idempotency.EventTakenOver) {
		if event.Operation == paymentsv1.PaymentService_CreatePayment_FullMethodName && event.Attempt == 2 {
			return
		}
	}
	w.t.Error("no takeover at the service")
}
