package idemconnect_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

// logCalls is an interceptor outside the guard.
func logCalls(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		ctx, replayed := idemconnect.ReplayedContext(ctx)
		answer, err := next(ctx, request)
		fmt.Println(request.Spec().Procedure, err, "replayed:", replayed())
		return answer, err
	}
}

func ExampleReplayedContext() {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		panic(err)
	}
	guard, err := idemconnect.NewInterceptor(engine)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle(paymentsv1connect.NewPaymentServiceHandler(new(cashier),
		connect.WithInterceptors(connect.UnaryInterceptorFunc(logCalls), guard)))
	server := httptest.NewServer(mux)
	defer server.Close()

	client := paymentsv1connect.NewPaymentServiceClient(server.Client(), server.URL)
	for range 2 {
		request := connect.NewRequest(&paymentsv1.CreatePaymentRequest{Amount: 1250})
		request.Header().Set("Idempotency-Key", "order-17")
		_, _ = client.CreatePayment(context.Background(), request)
	}
	// Output:
	// /payments.v1.PaymentService/CreatePayment failed_precondition: declined in run 1 replayed: false
	// /payments.v1.PaymentService/CreatePayment failed_precondition: declined in run 1 replayed: true
}
