//go:build !race

package otelidem_test

import (
	"testing"

	"github.com/oncewire/idempotency"
)

// TestSuccessfulCallsAllocateNothing runs without the race detector, which
// allocates.
func TestSuccessfulCallsAllocateNothing(t *testing.T) {
	meter := newMeter(t)
	for _, kind := range []idempotency.EventKind{
		idempotency.EventClaimed, idempotency.EventTakenOver, idempotency.EventRan,
		idempotency.EventRecorded, idempotency.EventReplayed,
	} {
		event := idempotency.Event{Kind: kind, Operation: "POST /orders/4711", Key: digest, Attempt: 1, Took: second}
		observe := func() { meter.Observe(t.Context(), event) }
		observe() // makes the attribute sets
		if allocs := testing.AllocsPerRun(100, observe); allocs != 0 {
			t.Errorf("%s: %v allocations", kind, allocs)
		}
	}
}
