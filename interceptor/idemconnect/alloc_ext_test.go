//go:build !race

package idemconnect_test

import (
	"context"
	"strconv"
	"testing"

	"connectrpc.com/connect"
)

// TestAllocations holds the interceptor, called directly on the memory store,
// to what it may allocate above the handler.
func TestAllocations(t *testing.T) {
	guarded := newGuard(t, newEngine(t)).WrapUnary(createHandler)
	call := func(request connect.AnyRequest) {
		if _, err := guarded(context.Background(), request); err != nil {
			t.Fatal(err)
		}
	}
	const runs = 1000
	requests := make([]connect.AnyRequest, 2*runs)
	for i := range requests {
		requests[i] = newKeyed(strconv.Itoa(i))
	}
	var plain connect.AnyRequest = newKeyed("")
	bare := testing.AllocsPerRun(runs, func() { _, _ = createHandler(context.Background(), plain) })
	next := 0
	for _, each := range []struct {
		name string
		most float64
		call func()
	}{
		{"no key", bare, func() { call(plain) }},
		{"first call", bare + 8, func() { call(requests[next]); next++ }},
		{"replay", 6, func() { call(requests[0]) }},
	} {
		if got := testing.AllocsPerRun(runs, each.call); got > each.most {
			t.Errorf("%s: %v allocations, at most %v", each.name, got, each.most)
		}
	}
}
