package idemgrpc_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// sent returns the keys that a call through the client interceptor sends.
func sent(ctx context.Context, t *testing.T, procedure string) []string {
	t.Helper()
	var keys []string
	invoke := func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
		outgoing, _ := metadata.FromOutgoingContext(ctx)
		keys = outgoing.Get(keyField)
		return nil
	}
	if err := idemgrpc.NewClientInterceptor("").Unary(ctx, procedure, nil, nil, nil, invoke); err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestClientSendsKeys(t *testing.T) {
	const method = paymentsv1.PaymentService_CreatePayment_FullMethodName
	ctx := context.Background()
	a, b := sent(ctx, t, method), sent(ctx, t, method)
	if len(a) != 1 || len(b) != 1 || a[0] == b[0] || len(a[0]) != 36 {
		t.Errorf("fresh keys are %q and %q", a, b)
	}
	if keys := sent(idempotency.WithKey(ctx, "mine"), t, method); len(keys) != 1 || keys[0] != "mine" {
		t.Errorf("the named key is sent as %q", keys)
	}
	own := metadata.AppendToOutgoingContext(idempotency.WithKey(ctx, "mine"), keyField, "set before")
	if keys := sent(own, t, method); len(keys) != 1 || keys[0] != "set before" {
		t.Errorf("a key that was set before is sent as %q", keys)
	}
	if keys := sent(ctx, t, paymentsv1.PaymentService_GetPayment_FullMethodName); len(keys) != 0 {
		t.Errorf("a method without side effects gets %q", keys)
	}
}
