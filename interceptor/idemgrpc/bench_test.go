package idemgrpc_test

import (
	"context"
	"strconv"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

var createInfo = &grpc.UnaryServerInfo{FullMethod: paymentsv1.PaymentService_CreatePayment_FullMethodName}

func createRequest() *paymentsv1.CreatePaymentRequest {
	return &paymentsv1.CreatePaymentRequest{
		Amount: 1250, Currency: "EUR", Customer: "cus_29f7e1", Description: "two coffees and a croissant",
	}
}

// createHandler is a variable so that the compiler cannot remove it.
var createHandler grpc.UnaryHandler = func(context.Context, any) (any, error) {
	return &paymentsv1.Payment{
		Id: "pay_6f1c2b7a", Amount: 1250, Currency: "EUR", Customer: "cus_29f7e1",
		Description: "two coffees and a croissant", Status: paymentsv1.PaymentStatus_PAYMENT_STATUS_SUCCEEDED,
		CreatedAt: &timestamppb.Timestamp{Seconds: 1790000000},
	}, nil
}

// keyed returns an incoming context with the key.
func keyed(key string) context.Context { return withKey(context.Background(), key) }

func withKey(ctx context.Context, key string) context.Context {
	return metadata.NewIncomingContext(ctx, metadata.Pairs("idempotency-key", key))
}

// BenchmarkUnary compares a bare handler with guarded calls: without a key, a first
// call and a replay.
func BenchmarkUnary(b *testing.B) {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		b.Fatal(err)
	}
	guard := newGuard(b, engine).Unary
	request := createRequest()
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		ctx := keyed("bare")
		for b.Loop() {
			_, _ = createHandler(ctx, request)
		}
	})
	b.Run("no key", func(b *testing.B) {
		b.ReportAllocs()
		ctx := metadata.NewIncomingContext(context.Background(), metadata.MD{})
		for b.Loop() {
			_, _ = guard(ctx, request, createInfo, createHandler)
		}
	})
	b.Run("first call", func(b *testing.B) {
		b.ReportAllocs()
		contexts := make([]context.Context, b.N)
		for i := range contexts {
			contexts[i] = keyed("key-" + strconv.Itoa(i))
		}
		b.ResetTimer()
		for _, ctx := range contexts {
			if _, err := guard(ctx, request, createInfo, createHandler); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("replay", func(b *testing.B) {
		b.ReportAllocs()
		ctx := keyed("replay")
		for b.Loop() {
			if _, err := guard(ctx, request, createInfo, createHandler); err != nil {
				b.Fatal(err)
			}
		}
	})
}
