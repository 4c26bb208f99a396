package main

import (
	"testing"

	"google.golang.org/grpc/codes"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

func TestReplay(t *testing.T) {
	eachProtocol(t, nil, func(t protocolTest) {
		first := t.create(charge("key-1"))
		first.wantFirst(t)
		if first.attempt != "1" || first.entries != "1" {
			t.Errorf("attempt %q, entries %q", first.attempt, first.entries)
		}
		t.create(charge("key-1")).wantReplayOf(t, first)
		t.create(charge(`"key-1"`)).wantReplayOf(t, first) // the same key, RFC 9651
		t.wantEntries(1)
	})
}

func TestOtherKeyRuns(t *testing.T) {
	eachProtocol(t, nil, func(t protocolTest) {
		first := t.create(charge("key-1"))
		other := t.create(charge("key-2"))
		other.wantFirst(t)
		if other.payment.GetId() == first.payment.GetId() {
			t.Error("two keys got the same payment")
		}
		t.wantEntries(2)
	})
}

func TestWithoutKeyRuns(t *testing.T) {
	eachProtocol(t, nil, func(t protocolTest) {
		for range 2 {
			t.create(charge("").keyless()).wantFirst(t)
		}
		t.wantEntries(2)
	})
}

func TestReplayOfError(t *testing.T) {
	eachProtocol(t, nil, func(t protocolTest) {
		call := charge("key-1").simulated(&paymentsv1.Simulate{Code: int32(codes.FailedPrecondition)})
		first := t.create(call)
		first.wantError(t, codes.FailedPrecondition, 400)
		if len(first.details) == 0 || first.replayed || first.entries != "1" {
			t.Errorf("first: %+v", first)
		}
		t.create(call).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

// An invalid request has no effect, and its error is recorded like any answer.
func TestReplayOfInvalid(t *testing.T) {
	eachProtocol(t, nil, func(t protocolTest) {
		call := charge("key-1")
		call.request.Amount = -1
		first := t.create(call)
		first.wantError(t, codes.InvalidArgument, 400)
		t.create(call).wantReplayOf(t, first)
		t.wantEntries(0)
	})
}

// Unavailable abandons the claim, and the next call takes it over. (The ledger
// shows that the first call had an effect.)
func TestUnavailableRunsAgain(t *testing.T) {
	eachProtocol(t, nil, func(t protocolTest) {
		call := charge("key-1").simulated(&paymentsv1.Simulate{Code: int32(codes.Unavailable)})
		for range 2 {
			answer := t.create(call)
			answer.wantError(t, codes.Unavailable, 503)
			if answer.replayed {
				t.Error("an abandoned error was replayed")
			}
		}
		t.wantEntries(2)
	})
}
