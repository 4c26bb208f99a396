//go:build !race

package httpmw_test

import "testing"

// TestClientAllocs checks what the transport adds to a bare call that is answered at
// once.
func TestClientAllocs(t *testing.T) {
	for _, each := range clientCalls {
		bare, through := pair(t, each.method, each.key, each.bare)
		before, got := testing.AllocsPerRun(1000, bare), testing.AllocsPerRun(1000, through)
		t.Logf("%s: %v allocations, bare %v", each.name, got, before)
		if got > before+each.more {
			t.Errorf("%s: %v allocations, %v more than bare, at most %v", each.name, got, got-before, each.more)
		}
	}
}
