package main

import (
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// A panic abandons the claim, and the retry takes it over. REST differs: the edge
// records the 500 of the recovered server, and the retry is a replay.
func TestPanic(t *testing.T) {
	eachProtocol(t, nil, func(t protocolTest) {
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
		t.create(charge("key-2")).wantFirst(t) // the process keeps running
	})
}

// The outcome of a call whose deadline passed is unknown.
func TestAbandonedErrorIsTakenOver(t *testing.T) {
	eachProtocol(t, nil, func(t protocolTest) {
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

// wantTakeover checks that the gRPC or Connect adapter ran a call as attempt 2.
func (s *testServer) wantTakeover() {
	s.t.Helper()
	for _, event := range s.events.of(idempotency.EventTakenOver) {
		if event.Operation == paymentsv1.PaymentService_CreatePayment_FullMethodName && event.Attempt == 2 {
			return
		}
	}
	s.t.Error("no takeover at the service")
}
