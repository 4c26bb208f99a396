package memstore_test

import (
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// TestAllocations checks the allocations of the hot path.
func TestAllocations(t *testing.T) {
	const runs = 1000
	ctx, store := t.Context(), opened(t)
	outcome := backend.Outcome{Bytes: make([]byte, 300), Retention: time.Hour}
	claims, completions := 0, 0
	for _, c := range []struct {
		name string
		most float64
		call func()
	}{
		{"Claim of an absent key", 1, func() { _, _ = store.Claim(ctx, key(claims), claimed(claims)); claims++ }},
		{"Claim of a running record", 0, func() { _, _ = store.Claim(ctx, key(0), claimed(1)) }},
		{"Extend", 0, func() { _ = store.Extend(ctx, key(0), claimed(0).Token, time.Hour, time.Hour) }},
		{"Complete", 0, func() {
			_ = store.Complete(ctx, key(completions), claimed(completions).Token, outcome)
			completions++
		}},
		{"Claim of a finished record", 0, func() { _, _ = store.Claim(ctx, key(0), claimed(1)) }},
	} {
		if n := testing.AllocsPerRun(runs, c.call); n > c.most {
			t.Errorf("%s: %v allocations, want %v or less", c.name, n, c.most)
		}
	}
}
