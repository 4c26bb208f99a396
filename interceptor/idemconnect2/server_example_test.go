package idemconnect2_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	paymentsv1connect "github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// cashier declines payments of more than 1000.
type cashier struct {
	paymentsv1connect.UnimplementedPaymentServiceHandler

	runs int
}

func (c *cashier) CreatePayment(_ context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
	c.runs++
	if request.GetAmount() > 1000 {
		return nil, connect.Errorf(connect.CodeFailedPrecondition, "declined in run %d", c.runs)
	}
	return &paymentsv1.Payment{Id: fmt.Sprintf("run %d", c.runs)}, nil
}

// An error that is the answer to a request is replayed like any other answer.
func ExampleNewServerInterceptor() {
	engine, err := idempotency.New(memstore.New(),
		idempotency.WithPolicy("*", idempotency.Policy{Wait: 10 * time.Second}))
	if err != nil {
		panic(err)
	}
	guard, err := idemconnect2.NewServerInterceptor(engine)
	if err != nil {
		panic(err)
	}
	services := connect.NewServer(guard)
	paymentsv1connect.RegisterPaymentServiceHandler(services, new(cashier))
	mux := http.NewServeMux()
	connecthttp.Mount(mux, services)
	server := httptest.NewServer(mux)
	defer server.Close()

	client := paymentsv1connect.NewPaymentServiceClient(connect.NewClient(
		connecthttp.NewTransport(server.Client(), server.URL)))
	for range 2 {
		ctx, info := connect.NewClientContext(context.Background())
		info.RequestHeader().Set("Idempotency-Key", "order-17")
		_, err := client.CreatePayment(ctx, &paymentsv1.CreatePaymentRequest{Amount: 1250})
		fmt.Println(err)
	}
	// Output:
	// failed_precondition: declined in run 1
	// failed_precondition: declined in run 1
}
