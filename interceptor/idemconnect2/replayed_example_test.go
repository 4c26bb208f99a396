package idemconnect2_test

import (
	"context"
	"fmt"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectinprocess"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	paymentsv1connect "github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// logCalls is an interceptor outside the guard.
func logCalls(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		ctx, replayed := idemconnect2.ReplayedContext(ctx)
		err := next(ctx, spec, stream)
		fmt.Println(spec.Procedure, err, "replayed:", replayed())
		return err
	}
}

func ExampleReplayedContext() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := idemconnect2.NewServerInterceptor(engine)
	if err != nil {
		panic(err)
	}
	services := connect.NewServer(logCalls, guard)
	paymentsv1connect.RegisterPaymentServiceHandler(services, new(cashier))
	client := paymentsv1connect.NewPaymentServiceClient(connect.NewClient(connectinprocess.New(services)))
	for range 2 {
		ctx, info := connect.NewClientContext(context.Background())
		info.RequestHeader().Set("Idempotency-Key", "order-17")
		_, _ = client.CreatePayment(ctx, &paymentsv1.CreatePaymentRequest{Amount: 1250})
	}
	// Output:
	// /payments.v1.PaymentService/CreatePayment failed_precondition: declined in run 1 replayed: false
	// /payments.v1.PaymentService/CreatePayment failed_precondition: declined in run 1 replayed: true
}
