package idemgrpc_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

const createMethod = paymentsv1.PaymentService_CreatePayment_FullMethodName

func TestPolicyDecidesBeforeTheClassifier(t *testing.T) {
	service := failing(codes.Internal)
	client := serve(t, service, guarded(t, newEngine(t, idempotency.WithPolicy(createMethod, idempotency.Policy{
		Verdicts: map[int]idempotency.Verdict{int(codes.Internal): idempotency.Release},
	}))))
	create(client, "k", nil)
	if again := create(client, "k", nil); again.err != nil || service.runs.Load() != 2 {
		t.Errorf("%v, %d runs", again.err, service.runs.Load())
	}
}

func TestPolicyBoundsTheAnswer(t *testing.T) {
	client := serve(t, new(service), guarded(t, newEngine(t, idempotency.WithPolicy(createMethod, idempotency.Policy{MaxResponse: 10}))))
	create(client, "k", nil)
	checkRefusal(t, create(client, "k", nil).err, codes.FailedPrecondition, idempotency.ReasonOutcomeNotKept, false)
}

func TestPolicyDecidesAboutKeys(t *testing.T) {
	service := new(service)
	client := serve(t, service, guarded(t, newEngine(t,
		idempotency.WithPolicy("/payments.v1.PaymentService/*", idempotency.Policy{Key: idempotency.KeyRequired}))))
	_, err := client.CreatePayment(context.Background(), nil)
	checkRefusal(t, err, codes.InvalidArgument, idempotency.ReasonKeyMissing, false)
	if _, err := client.GetPayment(context.Background(), nil); err != nil {
		t.Errorf("a method without side effects requires a key: %v", err)
	}
	off := serve(t, service, guarded(t, newEngine(t, idempotency.WithPolicy(createMethod, idempotency.Policy{Key: idempotency.KeyIgnored}))))
	if first, again := create(off, "k", nil), create(off, "k", nil); first.payment.GetId() == again.payment.GetId() {
		t.Error("a key is used where keys are ignored")
	}
}
