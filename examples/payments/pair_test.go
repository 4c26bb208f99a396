//go:build unix

package main

import (
	"testing"

	"google.golang.org/grpc/codes"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/internal/redistest"
)

// startPair starts two processes over one Redis of their own.
func startPair(t *testing.T, flags ...string) (a, b *process) {
	t.Helper()
	flags = append([]string{"-store", "redis://" + redistest.Start(t).Addr(), "-store-timeout", patience.String()}, flags...)
	return startProcess(t, flags...), startProcess(t, flags...)
}

// eachPairOfDoors runs a scenario from every door of one process to every door
// of the other, with a key and a customer of its own. The first process must
// have charged once and the other one not at all.
func eachPairOfDoors(t *testing.T, among []namedDoor, scenario func(t *testing.T, call call, one, other door)) {
	t.Helper()
	t.Parallel()
	a, b := startPair(t)
	for _, one := range among {
		for _, other := range among {
			t.Run(one.name+"To"+other.name, func(t *testing.T) {
				t.Parallel()
				scenario(t, charge(t.Name()).of(t.Name()), one.open(t, a.world), other.open(t, b.world))
				a.wantEntriesOf(t, t.Name(), 1)
				b.wantEntriesOf(t, t.Name(), 0)
			})
		}
	}
}

func TestTwoProcesses(t *testing.T) {
	eachPairOfDoors(t, doors, func(t *testing.T, call call, one, other door) {
		first := one.create(t.Context(), call)
		first.wantFirst(t)
		other.create(t.Context(), call).wantReplayOf(t, first)
		other.create(t.Context(), call.of("somebody else")).wantRefusal(t, keyReused)
	})
}

// REST has no details in bytes.
func TestTwoProcessesReplayErrors(t *testing.T) {
	eachPairOfDoors(t, doors[1:], func(t *testing.T, call call, one, other door) {
		call = call.simulated(&paymentsv1.Simulate{Code: int32(codes.Internal)})
		first := one.create(t.Context(), call)
		first.wantError(t, codes.Internal, 0)
		other.create(t.Context(), call).wantReplayOf(t, first)
	})
}

func TestTwoProcessesStampede(t *testing.T) {
	t.Parallel()
	a, b := startPair(t)
	wantOnePayment(t, stampede(t, a.world, b.world), a.world, b.world)
	wantOneEntry(t, a, b)
}

func TestTwoProcessesStampedeWaits(t *testing.T) {
	t.Parallel()
	a, b := startPair(t, "-wait", patience.String())
	answers := stampede(t, a.world, b.world)
	eventually(t, "a charge", func() bool { return len(a.entries(""))+len(b.entries("")) > 0 })
	wantOneRun(t, answers, a.world, b.world)
	wantOneEntry(t, a, b)
}

// wantOneEntry checks that of two processes only one has charged, and only once.
func wantOneEntry(t *testing.T, a, b *process) {
	t.Helper()
	if at, bt := len(a.entries("")), len(b.entries("")); at+bt != 1 {
		t.Errorf("%d and %d ledger entries, want one in all", at, bt)
	}
}
