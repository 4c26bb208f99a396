package main

import (
	"testing"

	"google.golang.org/grpc/codes"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

func TestReplay(t *testing.T) {
	eachDoor(t, nil, func(t scene) {
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
	eachDoor(t, nil, func(t scene) {
		first := t.create(charge("key-1"))
		other := t.create(charge("key-2"))
		other.wantFirst(t)
		if other.payment.GetId() == first.payment.GetId() {
			t.Error("two keys, one payment")
		}
		t.wantEntries(2)
	})
}

func TestWithoutKeyRuns(t *testing.T) {
	eachDoor(t, nil, func(t scene) {
		for range 2 {
			t.create(charge("").keyless()).wantFirst(t)
		}
		t.wantEntries(2)
	})
}

func TestReplayOfError(t *testing.T) {
	eachDoor(t, nil, func(t scene) {
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

// An invalid request did nothing, and would come out the same again.
func TestReplayOfInvalid(t *testing.T) {
	eachDoor(t, nil, func(t scene) {
		call := charge("key-1")
		call.request.Amount = -1
		first := t.create(call)
		first.wantError(t, codes.InvalidArgument, 400)
		t.create(call).wantReplayOf(t, first)
		t.wantEntries(0)
	})
}

// The server said that it did nothing, so the next call runs. (The ledger
// shows that this server lied: that is what simulate is for.)
func TestReleasedErrorRunsAgain(t *testing.T) {
	eachDoor(t, nil, func(t scene) {
		call := charge("key-1").simulated(&paymentsv1.Simulate{Code: int32(codes.Unavailable)})
		for range 2 {
			answer := t.create(call)
			answer.wantError(t, codes.Unavailable, 503)
			if answer.replayed {
				t.Error("a released error was replayed")
			}
		}
		t.wantEntries(2)
	})
}
