package idemconnect_test

import (
	"context"
	"strconv"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
)

// keyed returns a request as a handler gets it: only connect-go itself can set its
// procedure.
type keyed struct {
	*createRequest
}

func newKeyed(key string) keyed {
	request := connect.NewRequest(&paymentsv1.CreatePaymentRequest{
		Amount: 1250, Currency: "EUR", Customer: "cus_29f7e1", Description: "two coffees and a croissant",
	})
	if key != "" {
		request.Header().Set(keyField, key)
	}
	return keyed{request}
}

func (keyed) Spec() connect.Spec {
	return connect.Spec{Procedure: paymentsv1connect.PaymentServiceCreatePaymentProcedure}
}

// createHandler is a variable so that the compiler cannot remove it.
var createHandler connect.UnaryFunc = func(context.Context, connect.AnyRequest) (connect.AnyResponse, error) {
	return connect.NewResponse(&paymentsv1.Payment{
		Id: "pay_6f1c2b7a", Amount: 1250, Currency: "EUR", Customer: "cus_29f7e1",
		Description: "two coffees and a croissant", Status: paymentsv1.PaymentStatus_PAYMENT_STATUS_SUCCEEDED,
		CreatedAt: &timestamppb.Timestamp{Seconds: 1790000000},
	}), nil
}

// BenchmarkUnary compares a bare handler with guarded calls: without a key, a first
// call and a replay.
func BenchmarkUnary(b *testing.B) {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		b.Fatal(err)
	}
	guarded := newGuard(b, engine).WrapUnary(createHandler)
	ctx := context.Background()
	for name, each := range map[string]struct {
		call connect.UnaryFunc
		key  string
	}{
		"bare": {createHandler, "bare"}, "no key": {guarded, ""}, "replay": {guarded, "replay"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			request := newKeyed(each.key)
			for b.Loop() {
				if _, err := each.call(ctx, request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("first call", func(b *testing.B) {
		b.ReportAllocs()
		requests := make([]keyed, b.N)
		for i := range requests {
			requests[i] = newKeyed("key-" + strconv.Itoa(i))
		}
		b.ResetTimer()
		for _, request := range requests {
			if _, err := guarded(ctx, request); err != nil {
				b.Fatal(err)
			}
		}
	})
}
