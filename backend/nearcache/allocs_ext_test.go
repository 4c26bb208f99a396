//go:build !race

package nearcache_test

import (
	"testing"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

// TestAllocations checks the allocations of a replay: none in this package, and at
// most three in the engine.
func TestAllocations(t *testing.T) {
	memory := memstore.New()
	defer memory.Close()
	store := opened(t, memory)
	finish(t, store, 0, outcome("paid", time.Hour))
	ctx, claim := t.Context(), stranger()
	if n := testing.AllocsPerRun(1000, func() { _, _ = store.Claim(ctx, key(0), claim) }); n > 0 {
		t.Errorf("a claim that is answered from the cache allocates %v times", n)
	}

	engine, err := idempotency.New(store)
	ok(t, err)
	operation, call := engine.Operation("/bank.v1.Bank/Pay", idempotency.Policy{}), idempotency.Call{Key: "k"}
	if n := testing.AllocsPerRun(1000, func() { _, _ = operation.Run(ctx, call, pay) }); n > 3 {
		t.Errorf("a replay allocates %v times, want 3 or less", n)
	}
}
