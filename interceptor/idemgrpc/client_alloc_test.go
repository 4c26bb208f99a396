//go:build !race

package idemgrpc_test

import (
	"context"
	"testing"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// TestClientAllocations checks what the interceptor adds to a bare call that is
// answered at once.
func TestClientAllocations(t *testing.T) {
	client, reply := newClient(t), new(paymentsv1.Payment)
	for _, each := range clientCalls {
		ctx := each.prepare(context.Background())
		bare := testing.AllocsPerRun(1000, func() { _ = each.bare(ctx, each.request) })
		got := testing.AllocsPerRun(1000, func() { _ = client.Unary(ctx, each.method, each.request, reply, nil, invokeNothing) })
		t.Logf("%s: %v allocations, bare %v", each.name, got, bare)
		if got > bare+each.more {
			t.Errorf("%s: %v allocations, %v more than bare, at most %v", each.name, got, got-bare, each.more)
		}
	}
}
