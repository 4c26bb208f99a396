package main

import (
	"testing"

	"google.golang.org/grpc/codes"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// acrossDoors runs a scenario for every pair of doors in a world of its own.
func acrossDoors(t *testing.T, among []namedDoor, scenario func(t scene, other door)) {
	t.Helper()
	t.Parallel()
	for _, one := range among {
		for _, other := range among {
			if one.name == other.name {
				continue
			}
			t.Run(one.name+"To"+other.name, func(t *testing.T) {
				t.Parallel()
				w := start(t, nil)
				scenario(scene{t, w, one.open(t, w)}, other.open(t, w))
			})
		}
	}
}

func TestReplayAcrossDoors(t *testing.T) {
	acrossDoors(t, doors, func(t scene, other door) {
		first := t.create(charge("key-1"))
		first.wantFirst(t)
		other.create(t.Context(), charge("key-1")).wantReplayOf(t, first)
		t.create(charge("key-1")).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

// REST has no details in bytes; its own replays are compared in replay_test.go.
func TestReplayOfErrorAcrossDoors(t *testing.T) {
	acrossDoors(t, doors[1:], func(t scene, other door) {
		call := charge("key-1").simulated(&paymentsv1.Simulate{Code: int32(codes.Internal)})
		first := t.create(call)
		first.wantError(t, codes.Internal, 0)
		if len(first.details) == 0 {
			t.Fatal("no details")
		}
		other.create(t.Context(), call).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

func TestKeyReusedAcrossDoors(t *testing.T) {
	acrossDoors(t, doors, func(t scene, other door) {
		first := t.create(charge("key-1"))
		changed := charge("key-1")
		changed.request.Customer = "grace"
		other.create(t.Context(), changed).wantRefusal(t, keyReused)
		// The refusal is nothing that the other door may remember.
		other.create(t.Context(), charge("key-1")).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

// One door of each kind will do.
func TestInProgressAcrossDoors(t *testing.T) {
	kinds := []namedDoor{doors[0], doors[2], doors[5]}
	acrossDoors(t, kinds, func(t scene, other door) {
		running := inBackground(t, t.door, held("key-1"))
		t.awaitEntries(1)
		other.create(t.Context(), held("key-1")).wantRefusal(t, inProgress)
		t.settle()
		first := <-running
		first.wantFirst(t)
		other.create(t.Context(), held("key-1")).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}
