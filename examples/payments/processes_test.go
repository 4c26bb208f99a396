//go:build unix

package main

import (
	"testing"

	"google.golang.org/grpc/codes"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/internal/redistest"
)

// startPair starts two processes that share a Redis server. The second one serves
// Connect with version 2 of connect-go.
func startPair(t *testing.T, flags ...string) (a, b *process) {
	t.Helper()
	flags = append([]string{"-store", "redis://" + redistest.Start(t).Addr(), "-store-timeout", testTimeout.String()}, flags...)
	return startProcess(t, flags...), startProcess(t, append(flags, "-connect", "v2")...)
}

// eachPairOfProtocols runs a test with every protocol to one process and every
// protocol to the other, each time with a key and a customer of its own. Only the
// first process must have charged, and once.
func eachPairOfProtocols(t *testing.T, among []protocol, test func(t *testing.T, call call, one, other client)) {
	t.Helper()
	t.Parallel()
	a, b := startPair(t)
	for _, one := range among {
		for _, other := range among {
			t.Run(one.name+"To"+other.name, func(t *testing.T) {
				t.Parallel()
				test(t, charge(t.Name()).of(t.Name()), one.dial(t, a.testServer), other.dial(t, b.testServer))
				a.wantEntriesOf(t, t.Name(), 1)
				b.wantEntriesOf(t, t.Name(), 0)
			})
		}
	}
}

func TestTwoProcesses(t *testing.T) {
	eachPairOfProtocols(t, protocols, func(t *testing.T, call call, one, other client) {
		first := one.create(t.Context(), call)
		first.wantFirst(t)
		other.create(t.Context(), call).wantReplayOf(t, first)
		other.create(t.Context(), call.of("grace")).wantRefusal(t, keyReused)
	})
}

// REST is left out, since its errors have no details in bytes.
func TestTwoProcessesReplayErrors(t *testing.T) {
	eachPairOfProtocols(t, protocols[1:], func(t *testing.T, call call, one, other client) {
		call = call.simulated(&paymentsv1.Simulate{Code: int32(codes.Internal)})
		first := one.create(t.Context(), call)
		first.wantError(t, codes.Internal, 0)
		other.create(t.Context(), call).wantReplayOf(t, first)
	})
}

func TestTwoProcessesConcurrent(t *testing.T) {
	t.Parallel()
	a, b := startPair(t)
	wantOnePayment(t, sameCallAtOnce(t, a.testServer, b.testServer), a.testServer, b.testServer)
	wantOneEntry(t, a, b)
}

func TestTwoProcessesConcurrentWait(t *testing.T) {
	t.Parallel()
	a, b := startPair(t, "-wait", testTimeout.String())
	answers := sameCallAtOnce(t, a.testServer, b.testServer)
	eventually(t, "a charge", func() bool { return len(a.entries(""))+len(b.entries("")) > 0 })
	wantOneRun(t, answers, a.testServer, b.testServer)
	wantOneEntry(t, a, b)
}

// wantOneEntry checks that two processes have charged once in all.
func wantOneEntry(t *testing.T, a, b *process) {
	t.Helper()
	if at, bt := len(a.entries("")), len(b.entries("")); at+bt != 1 {
		t.Errorf("%d and %d ledger entries, want one in all", at, bt)
	}
}
