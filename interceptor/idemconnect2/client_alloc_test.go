//go:build !race

package idemconnect2_test

import "testing"

// TestClientAllocations checks what the interceptor adds to a bare call that is
// answered at once.
func TestClientAllocations(t *testing.T) {
	bare, intercepted := benchClients(t)
	for _, each := range clientCalls {
		before := testing.AllocsPerRun(1000, func() { _ = each.bare(bare) })
		got := testing.AllocsPerRun(1000, func() { _ = each.call(intercepted) })
		t.Logf("%s: %v allocations, bare %v", each.name, got, before)
		if got > before+each.more {
			t.Errorf("%s: %v allocations, %v more than bare, at most %v", each.name, got, got-before, each.more)
		}
	}
}
