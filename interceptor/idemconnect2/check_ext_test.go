package idemconnect2_test

import (
	"context"
	"slices"
	"testing"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	paymentsv1connect "github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

func TestOperations(t *testing.T) {
	operations, err := idemconnect2.Operations(paymentsv1connect.PaymentServiceName)
	if err != nil || len(operations) != 4 || !slices.Contains(operations, paymentsv1connect.PaymentServiceCreatePaymentProcedure) {
		t.Errorf("operations are %q, %v", operations, err)
	}
	for _, name := range []string{"no.such.Service", "payments.v1.Payment"} {
		if _, err := idemconnect2.Operations(name); err == nil {
			t.Errorf("%s has operations", name)
		}
	}
}

// unscoped counts the events about callers without a scope.
type unscoped int

func (u *unscoped) Observe(_ context.Context, event idempotency.Event) {
	if event.Kind == idempotency.EventUnscoped {
		*u++
	}
}

func TestCredentialsWithoutScopeAreObserved(t *testing.T) {
	observed := new(unscoped)
	client := payments(t, new(service), newEngine(t, idempotency.WithObserver(observed))).newClient()
	for _, field := range []string{"", "Authorization", "Cookie"} {
		ctx, info := connect.NewClientContext(context.Background())
		info.RequestHeader().Set(keyField, "k")
		if field != "" {
			info.RequestHeader().Set(field, "secret")
		}
		if _, err := client.CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest)); err != nil {
			t.Fatal(err)
		}
	}
	if *observed != 1 {
		t.Errorf("observed %d times", *observed)
	}
}
