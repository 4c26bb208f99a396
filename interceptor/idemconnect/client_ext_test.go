package idemconnect_test

import (
	"context"
	"testing"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

func TestClientSendsKeys(t *testing.T) {
	var sent []string
	service := &service{create: func(_ context.Context, request *createRequest) (*createResponse, error) {
		sent = request.Header().Values(keyField)
		return connect.NewResponse(new(paymentsv1.Payment)), nil
	}}
	client := serveWith(t, service).newClient(connect.WithInterceptors(idemconnect.NewClientInterceptor("")))
	call := func(ctx context.Context, key string) string {
		request := connect.NewRequest(new(paymentsv1.CreatePaymentRequest))
		if key != "" {
			request.Header().Set(keyField, key)
		}
		if _, err := client.CreatePayment(ctx, request); err != nil {
			t.Fatal(err)
		}
		if len(sent) != 1 {
			t.Fatalf("keys sent: %q", sent)
		}
		return sent[0]
	}
	ctx := context.Background()
	if a, b := call(ctx, ""), call(ctx, ""); a == b || len(a) != 36 {
		t.Errorf("fresh keys are %q and %q", a, b)
	}
	if key := call(idempotency.WithKey(ctx, "mine"), ""); key != "mine" {
		t.Errorf("the named key is sent as %q", key)
	}
	if key := call(idempotency.WithKey(ctx, "mine"), "before"); key != "before" {
		t.Errorf("a key that was set before is sent as %q", key)
	}
}
