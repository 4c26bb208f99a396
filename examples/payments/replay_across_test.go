package main

import (
	"testing"

	"google.golang.org/grpc/codes"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// acrossProtocols runs a test over every two different protocols, each time with a
// server of its own.
func acrossProtocols(t *testing.T, among []protocol, test func(t protocolTest, other client)) {
	t.Helper()
	t.Parallel()
	for _, one := range among {
		for _, other := range among {
			if one.name == other.name {
				continue
			}
			t.Run(one.name+"To"+other.name, func(t *testing.T) {
				t.Parallel()
				s := start(t, nil)
				test(protocolTest{t, s, one.dial(t, s)}, other.dial(t, s))
			})
		}
	}
}

func TestReplayAcrossProtocols(t *testing.T) {
	acrossProtocols(t, protocols, func(t protocolTest, other client) {
		first := t.create(charge("key-1"))
		first.wantFirst(t)
		other.create(t.Context(), charge("key-1")).wantReplayOf(t, first)
		t.create(charge("key-1")).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

// REST is left out, since its errors have no details in bytes. replay_test.go
// compares its replays.
func TestReplayOfErrorAcrossProtocols(t *testing.T) {
	acrossProtocols(t, protocols[1:], func(t protocolTest, other client) {
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

func TestKeyReusedAcrossProtocols(t *testing.T) {
	acrossProtocols(t, protocols, func(t protocolTest, other client) {
		first := t.create(charge("key-1"))
		changed := charge("key-1")
		changed.request.Customer = "grace"
		other.create(t.Context(), changed).wantRefusal(t, keyReused)
		// The refusal is not recorded.
		other.create(t.Context(), charge("key-1")).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

// One protocol of each adapter is enough.
func TestInProgressAcrossProtocols(t *testing.T) {
	kinds := []protocol{protocols[0], protocols[2], protocols[5]}
	acrossProtocols(t, kinds, func(t protocolTest, other client) {
		running := inBackground(t, t.client, held("key-1"))
		t.awaitEntries(1)
		other.create(t.Context(), held("key-1")).wantRefusal(t, inProgress)
		t.resumeHeld()
		first := <-running
		first.wantFirst(t)
		other.create(t.Context(), held("key-1")).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}
